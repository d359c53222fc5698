/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * Prints the layout of the plugin ABI as this C compiler sees it: constants, and each struct with the offset
 * and size of its fields. The test compares it with layout.txt. A difference is a change of the ABI: see
 * docs/abi-changelog.md.
 */
#include "plugins/api/cria_plugin.h"

#include <stdio.h>

#define CONSTANT(name) printf("%s = %u\n", #name, (unsigned)(name))
#define STRUCT(name) printf("%s: %u bytes\n", #name, (unsigned)sizeof(name))
#define FIELD(type, field)                                                                                   \
  printf("  %4u %4u  %s\n", (unsigned)offsetof(type, field), (unsigned)sizeof(((type *)0)->field), #field)

static void print_constants(void) {
  CONSTANT(CRIA_ABI_MAJOR);
  CONSTANT(CRIA_ABI_MINOR);
  CONSTANT(CRIA_STATUS_OK);
  CONSTANT(CRIA_STATUS_INVALID_ARGUMENT);
  CONSTANT(CRIA_STATUS_UNSUPPORTED);
  CONSTANT(CRIA_STATUS_NOT_FOUND);
  CONSTANT(CRIA_STATUS_OUT_OF_MEMORY);
  CONSTANT(CRIA_STATUS_DEVICE_LOST);
  CONSTANT(CRIA_STATUS_INCOMPATIBLE_CODE);
  CONSTANT(CRIA_STATUS_IO);
  CONSTANT(CRIA_STATUS_CANCELLED);
  CONSTANT(CRIA_STATUS_TIMEOUT);
  CONSTANT(CRIA_STATUS_INTERNAL);
  CONSTANT(CRIA_LOG_ERROR);
  CONSTANT(CRIA_LOG_WARNING);
  CONSTANT(CRIA_LOG_INFO);
  CONSTANT(CRIA_LOG_DEBUG);
  CONSTANT(CRIA_PLUGIN_BACKEND);
  CONSTANT(CRIA_PLUGIN_SAMPLER);
  CONSTANT(CRIA_PLUGIN_CHAT);
  CONSTANT(CRIA_OPTION_INT);
  CONSTANT(CRIA_OPTION_FLOAT);
  CONSTANT(CRIA_OPTION_STRING);
  CONSTANT(CRIA_OPTION_FLAG);
  CONSTANT(CRIA_OPEN_POISON_SCRATCH);
  CONSTANT(CRIA_BUFFER_GENERAL);
  CONSTANT(CRIA_BUFFER_WEIGHTS);
  CONSTANT(CRIA_BUFFER_KV_CACHE);
  CONSTANT(CRIA_BUFFER_ARENA);
  CONSTANT(CRIA_BUFFER_STEP);
  CONSTANT(CRIA_TYPE_NONE);
  CONSTANT(CRIA_TYPE_F32);
  CONSTANT(CRIA_TYPE_F16);
  CONSTANT(CRIA_TYPE_BF16);
  CONSTANT(CRIA_TYPE_I32);
  CONSTANT(CRIA_TYPE_U32);
  CONSTANT(CRIA_TYPE_U8);
  CONSTANT(CRIA_TYPE_I8);
  CONSTANT(CRIA_ACCESS_READ);
  CONSTANT(CRIA_ACCESS_WRITE);
  CONSTANT(CRIA_ACCESS_READ_WRITE);
  CONSTANT(CRIA_ATTRIBUTE_INT);
  CONSTANT(CRIA_ATTRIBUTE_FLOAT);
  CONSTANT(CRIA_ATTRIBUTE_STRING);
  CONSTANT(CRIA_ENTRY_KERNEL);
  CONSTANT(CRIA_ENTRY_OP);
  CONSTANT(CRIA_ENTRY_COPY);
  CONSTANT(CRIA_ENTRY_FILL);
  CONSTANT(CRIA_ENTRY_COLLECTIVE);
  CONSTANT(CRIA_BACKEND_EXPLICIT_ONLY);
  CONSTANT(CRIA_TOKEN_NORMAL);
  CONSTANT(CRIA_TOKEN_UNKNOWN);
  CONSTANT(CRIA_TOKEN_CONTROL);
  CONSTANT(CRIA_TOKEN_BYTE);
  CONSTANT(CRIA_TOKEN_UNUSED);
  CONSTANT(CRIA_ORIGIN_PROMPT);
  CONSTANT(CRIA_ORIGIN_GENERATED);
  CONSTANT(CRIA_ROLE_SYSTEM);
  CONSTANT(CRIA_ROLE_USER);
  CONSTANT(CRIA_ROLE_ASSISTANT);
  CONSTANT(CRIA_CHAT_ADD_GENERATION_PROMPT);
  CONSTANT(CRIA_CHAT_CONTINUE_LAST);
}

static void print_cria_string(void) {
  STRUCT(cria_string);
  FIELD(cria_string, data);
  FIELD(cria_string, size);
}

static void print_cria_message(void) {
  STRUCT(cria_message);
  FIELD(cria_message, struct_size);
  FIELD(cria_message, reserved);
  FIELD(cria_message, data);
  FIELD(cria_message, capacity);
  FIELD(cria_message, size);
}

static void print_cria_host(void) {
  STRUCT(cria_host);
  FIELD(cria_host, struct_size);
  FIELD(cria_host, abi_major);
  FIELD(cria_host, abi_minor_min);
  FIELD(cria_host, abi_minor_max);
  FIELD(cria_host, user);
  FIELD(cria_host, log);
}

static void print_cria_plugin(void) {
  STRUCT(cria_plugin);
  FIELD(cria_plugin, struct_size);
  FIELD(cria_plugin, abi_major);
  FIELD(cria_plugin, abi_minor);
  FIELD(cria_plugin, kind);
  FIELD(cria_plugin, name);
  FIELD(cria_plugin, version);
  FIELD(cria_plugin, description);
  FIELD(cria_plugin, api);
  FIELD(cria_plugin, get_extension);
}

static void print_cria_option_info(void) {
  STRUCT(cria_option_info);
  FIELD(cria_option_info, struct_size);
  FIELD(cria_option_info, type);
  FIELD(cria_option_info, name);
  FIELD(cria_option_info, description);
  FIELD(cria_option_info, default_number);
  FIELD(cria_option_info, minimum);
  FIELD(cria_option_info, maximum);
  FIELD(cria_option_info, default_text);
}

static void print_cria_option(void) {
  STRUCT(cria_option);
  FIELD(cria_option, struct_size);
  FIELD(cria_option, type);
  FIELD(cria_option, name);
  FIELD(cria_option, integer);
  FIELD(cria_option, number);
  FIELD(cria_option, text);
}

static void print_cria_device_info(void) {
  STRUCT(cria_device_info);
  FIELD(cria_device_info, struct_size);
  FIELD(cria_device_info, reserved);
  FIELD(cria_device_info, name);
  FIELD(cria_device_info, description);
  FIELD(cria_device_info, memory_bytes);
  FIELD(cria_device_info, memory_free_bytes);
}

static void print_cria_executable_info(void) {
  STRUCT(cria_executable_info);
  FIELD(cria_executable_info, struct_size);
  FIELD(cria_executable_info, kernel_abi);
  FIELD(cria_executable_info, format);
  FIELD(cria_executable_info, features);
}

static void print_cria_open_options(void) {
  STRUCT(cria_open_options);
  FIELD(cria_open_options, struct_size);
  FIELD(cria_open_options, device);
  FIELD(cria_open_options, num_threads);
  FIELD(cria_open_options, flags);
}

static void print_cria_buffer_info(void) {
  STRUCT(cria_buffer_info);
  FIELD(cria_buffer_info, struct_size);
  FIELD(cria_buffer_info, usage);
  FIELD(cria_buffer_info, size);
}

static void print_cria_executable(void) {
  STRUCT(cria_executable);
  FIELD(cria_executable, struct_size);
  FIELD(cria_executable, reserved);
  FIELD(cria_executable, info);
  FIELD(cria_executable, data);
  FIELD(cria_executable, size);
  FIELD(cria_executable, path);
}

static void print_cria_operand(void) {
  STRUCT(cria_operand);
  FIELD(cria_operand, struct_size);
  FIELD(cria_operand, access);
  FIELD(cria_operand, buffer);
  FIELD(cria_operand, offset);
  FIELD(cria_operand, size);
  FIELD(cria_operand, type);
  FIELD(cria_operand, rank);
  FIELD(cria_operand, required);
  FIELD(cria_operand, is_result);
  FIELD(cria_operand, name);
  FIELD(cria_operand, shape);
  FIELD(cria_operand, strides);
}

static void print_cria_attribute(void) {
  STRUCT(cria_attribute);
  FIELD(cria_attribute, struct_size);
  FIELD(cria_attribute, type);
  FIELD(cria_attribute, name);
  FIELD(cria_attribute, integer);
  FIELD(cria_attribute, number);
  FIELD(cria_attribute, text);
}

static void print_cria_entry(void) {
  STRUCT(cria_entry);
  FIELD(cria_entry, struct_size);
  FIELD(cria_entry, kind);
  FIELD(cria_entry, name);
  FIELD(cria_entry, grid);
  FIELD(cria_entry, block);
  FIELD(cria_entry, scratch_bytes);
  FIELD(cria_entry, fill_value);
  FIELD(cria_entry, num_operands);
  FIELD(cria_entry, operands);
  FIELD(cria_entry, num_attributes);
  FIELD(cria_entry, reserved);
  FIELD(cria_entry, attributes);
}

static void print_cria_record_info(void) {
  STRUCT(cria_record_info);
  FIELD(cria_record_info, struct_size);
  FIELD(cria_record_info, num_entries);
  FIELD(cria_record_info, entries);
}

static void print_cria_profile(void) {
  STRUCT(cria_profile);
  FIELD(cria_profile, struct_size);
  FIELD(cria_profile, num_entries);
  FIELD(cria_profile, nanoseconds);
}

static void print_cria_backend_api(void) {
  STRUCT(cria_backend_api);
  FIELD(cria_backend_api, struct_size);
  FIELD(cria_backend_api, flags);
  FIELD(cria_backend_api, device_count);
  FIELD(cria_backend_api, device_info);
  FIELD(cria_backend_api, probe);
  FIELD(cria_backend_api, open);
  FIELD(cria_backend_api, close);
  FIELD(cria_backend_api, buffer_allocate);
  FIELD(cria_backend_api, buffer_import);
  FIELD(cria_backend_api, buffer_free);
  FIELD(cria_backend_api, buffer_host_pointer);
  FIELD(cria_backend_api, load);
  FIELD(cria_backend_api, unload);
  FIELD(cria_backend_api, record);
  FIELD(cria_backend_api, recording_free);
  FIELD(cria_backend_api, queue_create);
  FIELD(cria_backend_api, queue_free);
  FIELD(cria_backend_api, upload);
  FIELD(cria_backend_api, download);
  FIELD(cria_backend_api, copy);
  FIELD(cria_backend_api, fill);
  FIELD(cria_backend_api, replay);
  FIELD(cria_backend_api, signal);
  FIELD(cria_backend_api, event_wait);
  FIELD(cria_backend_api, event_free);
  FIELD(cria_backend_api, finish);
  FIELD(cria_backend_api, profile_enable);
  FIELD(cria_backend_api, profile_read);
}

static void print_cria_vocabulary(void) {
  STRUCT(cria_vocabulary);
  FIELD(cria_vocabulary, struct_size);
  FIELD(cria_vocabulary, size);
  FIELD(cria_vocabulary, pieces);
  FIELD(cria_vocabulary, names);
  FIELD(cria_vocabulary, kinds);
  FIELD(cria_vocabulary, eos_ids);
  FIELD(cria_vocabulary, num_eos);
  FIELD(cria_vocabulary, bos_id);
  FIELD(cria_vocabulary, eos_id);
  FIELD(cria_vocabulary, reserved);
}

static void print_cria_candidates(void) {
  STRUCT(cria_candidates);
  FIELD(cria_candidates, struct_size);
  FIELD(cria_candidates, sorted);
  FIELD(cria_candidates, ids);
  FIELD(cria_candidates, logits);
  FIELD(cria_candidates, size);
  FIELD(cria_candidates, selected);
}

static void print_cria_sample_context(void) {
  STRUCT(cria_sample_context);
  FIELD(cria_sample_context, struct_size);
  FIELD(cria_sample_context, reserved);
  FIELD(cria_sample_context, sequence);
  FIELD(cria_sample_context, position);
  FIELD(cria_sample_context, user);
  FIELD(cria_sample_context, uniform);
}

static void print_cria_sampler_api(void) {
  STRUCT(cria_sampler_api);
  FIELD(cria_sampler_api, struct_size);
  FIELD(cria_sampler_api, num_options);
  FIELD(cria_sampler_api, options);
  FIELD(cria_sampler_api, create);
  FIELD(cria_sampler_api, destroy);
  FIELD(cria_sampler_api, apply);
  FIELD(cria_sampler_api, accept);
  FIELD(cria_sampler_api, reset);
  FIELD(cria_sampler_api, clone);
}

static void print_cria_chat_message(void) {
  STRUCT(cria_chat_message);
  FIELD(cria_chat_message, struct_size);
  FIELD(cria_chat_message, role);
  FIELD(cria_chat_message, content);
}

static void print_cria_chat_writer(void) {
  STRUCT(cria_chat_writer);
  FIELD(cria_chat_writer, struct_size);
  FIELD(cria_chat_writer, reserved);
  FIELD(cria_chat_writer, user);
  FIELD(cria_chat_writer, special);
  FIELD(cria_chat_writer, special_id);
  FIELD(cria_chat_writer, text);
  FIELD(cria_chat_writer, stop_text);
  FIELD(cria_chat_writer, stop_token);
}

static void print_cria_chat_api(void) {
  STRUCT(cria_chat_api);
  FIELD(cria_chat_api, struct_size);
  FIELD(cria_chat_api, num_options);
  FIELD(cria_chat_api, options);
  FIELD(cria_chat_api, create);
  FIELD(cria_chat_api, destroy);
  FIELD(cria_chat_api, render);
  FIELD(cria_chat_api, find_tags);
}

int main(void) {
  print_constants();
  print_cria_string();
  print_cria_message();
  print_cria_host();
  print_cria_plugin();
  print_cria_option_info();
  print_cria_option();
  print_cria_device_info();
  print_cria_executable_info();
  print_cria_open_options();
  print_cria_buffer_info();
  print_cria_executable();
  print_cria_operand();
  print_cria_attribute();
  print_cria_entry();
  print_cria_record_info();
  print_cria_profile();
  print_cria_backend_api();
  print_cria_vocabulary();
  print_cria_candidates();
  print_cria_sample_context();
  print_cria_sampler_api();
  print_cria_chat_message();
  print_cria_chat_writer();
  print_cria_chat_api();
  return 0;
}
