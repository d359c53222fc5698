/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A "plugin" that cannot be loaded because the library it is linked with is missing. */
extern int cria_test_gone(void);
int cria_plugin_query(void);
int cria_plugin_query(void) { return cria_test_gone(); }
