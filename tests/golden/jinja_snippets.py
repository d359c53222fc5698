# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small templates whose results by jinja2 are golden: expressions one by one, then statements."""

EXPRESSIONS = r'''
1
-3
1.5
1e3
1e16
1e-5
123456789.125
0.1 + 0.2
'a' "b"
'it\'s'
"\x41\u00e9\t|\n|\\|\d"
true
True
none
None
undefined_name
[1, 'a', none, true, 2.5]
(1, 2)
(1,)
()
[]
{}
{'a': 1, 'b': [2, {'c': "it's"}]}
1, 2
1 + 2 * 3
(1 + 2) * 3
7 / 2
7 // 2
-7 // 2
7 % 3
-7 % 3
7.5 % 2
2 ** 10
2 ** -1
2 ** 3 ** 2
-2 ** 2
10 - 3 - 2
'a' + 'b'
'a' ~ 1 ~ none ~ 2.0 ~ true
'ab' * 3
3 * 'ab'
[1] + [2]
[1] * 2
true + 1
1 / 0
1 % 0
'a' + 1
1 + none
none + 'a'
1 < 2
1 < 2 < 3
1 < 3 < 2
1 == 1.0
true == 1
'a' == 'a'
'a' < 'b'
'a' < 'B'
[1, 2] == [1, 2]
[1, 2] < [1, 3]
{'a': 1} == {'a': 1}
none == none
none == false
undefined_name == none
undefined_name == ''
1 < 'a'
'' == none
1 != 2
2 >= 2
1 in [1, 2]
3 not in [1, 2]
'a' in 'abc'
'd' in 'abc'
'a' in {'a': 1}
1 in 'abc'
'a' in undefined_name
not true
not ''
not 'a' == 'a'
not 1 in [2]
1 and 2
0 and 2
0 or 'x'
'' or none or 3
1 or undefined_name.x
true and not false
'a' if true else 'b'
'a' if false else 'b'
'a' if false
'a' if 1 == 1 else 'b' if 2 == 3 else 'c'
('a' if false) is defined
[1, 2, 3][0]
[1, 2, 3][-1]
[1, 2, 3][5]
[1, 2, 3][5] is defined
[1, 2, 3, 4][1:3]
[1, 2, 3, 4][:-1]
[1, 2, 3, 4][::2]
[1, 2, 3, 4][::-1]
[1, 2, 3, 4][3:0:-2]
'abcdef'[1:3]
'abcdef'[-2:]
'abcdef'[::-1]
'abc'[1]
'äöü'[1:]
'abc'[10:]
(1, 2, 3)[1:]
{'a': 1}['a']
{'a': 1}.a
{'a': 1}['b']
{'a': 1}.b.c
{'a': {'b': 2}}.a.b
{'a': {'b': 2}}['a'].b
{1: 'x'}[1]
undefined_name.a
undefined_name['a']
none.a
none.a.b
'abc'.nothing
messages[0].role
messages[0]['content']
messages[-1].content
messages[9].content
messages[1:] | length
messages | length
messages[0]
messages[0].get('role')
messages[0].get('name')
messages[0].get('name', 'nobody')
messages[0].name is defined
messages[0]['content'] is string
bos_token
bos_token == '<s>'
bos_token | length
bos_token[0:1] ~ '|' ~ bos_token[1:]
bos_token ~ eos_token
(bos_token ~ 'x').split('x')
'<' ~ 's>'
add_generation_prompt
tools is none
tools is defined
strftime_now is defined
'abc' is string
1 is string
1 is number
1.5 is number
true is number
true is boolean
1 is boolean
1 is integer
true is integer
1.0 is integer
1.0 is float
none is none
none is not none
undefined_name is none
undefined_name is defined
undefined_name is not defined
undefined_name is undefined
true is true
1 is true
false is false
0 is false
[] is iterable
'a' is iterable
1 is iterable
{} is iterable
undefined_name is iterable
{} is mapping
[] is mapping
messages[0] is mapping
[] is sequence
'a' is sequence
{} is sequence
1 is sequence
2 is even
3 is odd
9 is divisibleby 3
9 is divisibleby(2)
1 is equalto 1
1 is eq 1
1 is == 1
1 is ne 2
2 is gt 1
2 is lessthan 3
1 is in [1, 2]
'a' is not in ['b']
'abc' is lower
'ABC' is upper
none is sameas none
'a' is callable
range is callable
1 is equalto 1 and 2 is even
not 1 is even
'  a b  ' | trim
'xxaxx' | trim('x')
'a' | upper
'ABC' | lower
'hello wORLD' | capitalize
'hello wORLD-of (things)' | title
"it's a test" | title
"it's a test".title()
'abc' | length
'äöü🦙' | length
[1, 2] | count
{'a': 1} | length
undefined_name | length
1 | length
[1, 2, 3] | join
[1, 2, 3] | join(', ')
['a', none, true] | join('-')
messages | join(', ', attribute='role')
'abc' | join('.')
'a-b-a' | replace('a', 'x')
'a-b-a' | replace('a', 'x', 1)
'abc' | replace('', '-')
undefined_name | default('d')
undefined_name | default
none | default('d')
'' | default('d')
'' | default('d', true)
'' | d('e', boolean=true)
none | d('x', true)
[1, 2] | first
[] | first
'abc' | first
[1, 2] | last
[] | last is defined
'abc' | last
'abc' | list
{'a': 1, 'b': 2} | list
5 | string
none | string
'5' | int
'5.7' | int
'x' | int
'x' | int(3)
5.9 | int
-5.9 | int
true | int
none | int
'1.5' | float
'x' | float
3 | float
' 12 ' | int
3.14159 | round(2)
2.5 | round
3.5 | round
1234 | round(-2)
2.1 | round(0, 'ceil')
-3 | abs
[3, 1, 2] | sort
['b', 'A', 'c'] | sort
['b', 'A', 'c'] | sort(case_sensitive=true)
[3, 1, 2] | sort(reverse=true)
messages | sort(attribute='role') | map(attribute='role') | list
[3, 1, 2] | min
[3, 1, 2] | max
[3, 1, 2] | sum
[] | sum
[1, 2, 1, 3, 2] | unique | list
'abc' | reverse
[1, 2, 3] | reverse | list
{'a': 1, 'b': 2} | items | list
{'b': 1, 'a': 2} | dictsort
undefined_name | items | list
[1, 2, 3, 4] | select('even') | list
[1, 2, 3, 4] | reject('even') | list
[0, 1, '', 'a', none] | select | list
messages | selectattr('role', 'equalto', 'user') | list | length
messages | selectattr('role', 'in', ['user', 'system']) | map(attribute='content') | list
messages | rejectattr('role', 'eq', 'system') | map(attribute='role') | join(' ')
messages | selectattr('name') | list
messages | selectattr('name', 'defined') | list
['a', 'b'] | map('upper') | list
['a ', ' b'] | map('trim') | join('|')
[1, 2] | map('string') | list
messages | map(attribute='nope', default='x') | list
[[3, 4], [5, 6]] | map(attribute=0) | list
[[1, 2], [3]] | map('first') | list
['ab', 'cb'] | map('replace', 'b', 'x') | list
'a\nb\n\nc' | indent
'a\nb' | indent(2)
'a\nb' | indent(2, true)
'a\n\nb' | indent(2, blank=true)
'a\nb' | indent('> ')
{'a': [1, 2.5, true, none, 'x"y\\z\n']} | tojson
'é🦙\x01' | tojson
[] | tojson
{} | tojson
{'a': [1, {'b': 2}], 'c': []} | tojson(indent=2)
{'b': 1, 'a': 2} | tojson(sort_keys=true)
(1, 2) | tojson
1 | tojson
undefined_name | tojson
'a b' | safe
-1 | string | length
1 + 2 | string
'a' ~ 'b' | upper
('a' ~ 'b') | upper
-3 | abs + 1
'  a '.strip()
'  a '.lstrip() ~ '|'
'|' ~ '  a '.rstrip() ~ '|'
'xxaxx'.strip('x')
'\u3000a\u00a0\u2028'.strip()
'a b  c'.split()
'a,b,,c'.split(',')
'a,b,c'.split(',', 1)
'a,b,c'.rsplit(',', 1)
''.split()
''.split(',')
' a  b '.split(' ')
'a b  c d'.split(none, 1)
'a\nb\r\nc\n'.splitlines()
'abc'.startswith('a')
'abc'.startswith(('x', 'a'))
'abc'.endswith('bc')
'abc'.upper()
'ABC'.lower()
'hello world'.capitalize()
'abcabc'.replace('b', 'x')
'abcabc'.replace('b', 'x', 1)
'abc'.find('c')
'abc'.find('x')
'abcabc'.rfind('b')
'abcabc'.count('b')
'abc'.index('b')
'abc'.index('x')
', '.join(['a', 'b'])
', '.join([1])
'12'.isdigit()
''.isdigit()
'a1'.isalpha()
'ab'.isalpha()
'ab1'.isalnum()
' \t'.isspace()
'Ab'.isupper()
'ab'.islower()
'prefix-x'.removeprefix('prefix-')
'x.txt'.removesuffix('.txt')
'abc'.nothing()
'abc'.split('')
{'a': 1, 'b': 2}.items()
{'a': 1}.items() | list
{'a': 1}.keys() | list
{'a': 1}.values() | list
{'items': 1}['items']
[1, 2, 1].count(1)
[1, 2].index(2)
[1, 2].index(3)
[1].append(2)
{'a': 1}.update({'b': 2})
range(3) | list
range(1, 4) | list
range(5, 0, -2) | list
range(0)
range(3) | length
range(1, 2, 0)
range(3)[1]
dict(a=1, b='x')
dict({'a': 1}, b=2)
namespace(a=1).a
namespace().a
raise_exception('stop here')
raise_exception('role ' ~ messages[0].role)
nothing()
nothing.more()
1()
'a'()
'a' | nothing
1 is nothing
1 +
(1
[1
{'a' 1}
'a
a b
1 | 
a.
a[
for
'%s' % 'a'
9223372036854775807
9223372036854775807 + 1
'abc' | batch(2) | list
[1,2,3][true]
'abc'['a']
{'a': none}.a is none
[1, [2, [3]]]
"it's" ~ ['it\'s', "say \"it's\"", 'tab\t', 'é']
true if 'a' in ['a'] and not ('b' in ['a']) else false
messages[0].content.split(' ')[-1].strip('.') | upper
(messages | selectattr('role', 'equalto', 'assistant') | list)[0].content
((1 + 2)
1 if
[1, 2,]
{'a': 1,}
(1 , 2 , )
1_000
.5
1.
'a'.b.c
none | upper
5 | upper
true | upper
1.0
-0.0
100000000000000000.0
1e300 * 1e300
5 // 2.0
2 * 1.5
1 == '1'
[none, none] | join(',')
{'a': 1} | join(',')
'x' is defined and 'x' is string
foo is defined and foo.bar
(foo | default({})).bar is defined
(foo | default({'bar': 3})).bar
'abc' is in 'xabcx'
messages is sequence and messages is not mapping
messages[::-1][0].role
messages[::2] | map(attribute='role') | list
'a' < 'b' and 'b' > 'a' or false
loop is defined
'\n' | length
"\'"
'a' 'b' | upper
'<|im_' ~ 'start|>'
1 is number is true
1.5 | int is odd
-1 is odd
- 1 + 3
+ 1
not not 1
1 -1
1 - -1
'a'.upper().lower()
['a', 'b'][0].upper()
(bos_token)
bos_token in ['<s>', 'x']
eos_token is equalto '</s>'
eos_token.strip('<>')
eos_token[1:-1]
eos_token | replace('/', '')
eos_token | upper
'%d' | replace('%', '')
'tEST mESSAGE'.title()
'a.b.c'.split('.', 1)[1]
{'a': 1}.pop('a')
{'role': 'x'} in [{'role': 'x'}]
[[]] | first | length
'é' | upper is string
'a' | string | trim | upper | lower | length
'true' | tojson
0 or []
(0, 'a') | last
[1, 2, 3] | sum - 1
[1.5, 2] | sum
["a", "b"] | sum(start='')
messages | sum(attribute='nope')
messages | groupby('role') | list | length
'a' | center(5)
'abc' | truncate(2)
'a b c' | wordcount
3 | default(4)
false | default(4)
false | default(4, true)
'abc'[:none]
'abc'[none:2]
'abc'[1:'x']
[1][1.0]
'x' * 0
'x' * -1
[] * 5
[1, 'a'] | sort
none | list
none | trim
none | join
5 | list
undefined_name | list
undefined_name | join('x')
undefined_name | trim ~ '.'
undefined_name ~ '.'
undefined_name + '.'
undefined_name < 1
undefined_name | first
undefined_name | upper
not undefined_name
undefined_name or 'x'
undefined_name in [1]
undefined_name | string | length
undefined_name()
[undefined_name, 0]
false | abs
false | select | list
0 | selectattr('role') | list
none | map('upper') | list
-2.5 is divisibleby 2
4.0 is even
(1, 'q') is lower
3 | indent(2)
'x' in [1, 'x'] is true
- 2 ** 2 | abs
'a' if undefined_name else 'b' if false
9223372036854775807 | round
(-9223372036854775807 - 1) % 3
(-7 % -3) ~ (7 % -3) ~ (-7 % 3)
-5 is divisibleby(-9223372036854775807 - 1)
(-3 is odd) ~ (-4 is even) ~ (-3 is even)
' a b  c  '.split(none, 1)
' a b  c  '.rsplit(none, 1)
{'größe': 1}.größe
{(1, (2, 3)): 4}[(1, (2, 3))]
{(1, [2]): 3}
{(1, {}): 3}
'''

STATEMENTS = [
    "", "\n", "a\n", "a\n\n", "a\r\nb\rc", " {{ 1 }} ", "{{ 1 }}\n{{ 2 }}\n", "{% if true %}\na\n{% endif %}\nb",
    "  {% if true %}  \n  a\n  {% endif %}  b", "x {% if true %} y {% endif %} z", "x\n\n  {%- if true -%}  \n y {%- endif +%} \n z",
    "a {#- comment -#} b", "a\n  {# comment #}\nb", "{# {{ 1 }} {% if %} #}x", "a{%+ if true %}b{% endif %}",
    "a\n  {%+ if true %}b{% endif %}", "{% raw %}{{ x }}{% endraw %}", "{%- raw -%} {{ x }} {%- endraw -%} y",
    "{{- ' a ' -}} \n b", "{{'}}'}}", "{{ {'a': {'b': 1}}['a'] }}", "{{ \"%}\" }}", "{% if '%}' %}x{% endif %}",
    "{% set x = 1 %}{{ x }}", "{% set x, y = 1, 2 %}{{ y }}{{ x }}", "{% set x, y = [1] %}{{ x }}",
    "{% set x = 1, 2 %}{{ x }}", "{% set x %}a{{ 1 }}{% endset %}{{ x }}|{{ x | length }}",
    "{% set x | upper %}abc{% endset %}{{ x }}", "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}",
    "{% for i in [1, 2] %}{% if i == 1 %}{% set y = 5 %}{% endif %}{{ y }}{% endfor %}|{{ y }}",
    "{% set ns = namespace(x=1) %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% set x.y = 1 %}", "{% set ns = {} %}{% set ns.y = 1 %}", "{% set ns = namespace() %}{% set ns._x = 1 %}",
    "{% for x in [] %}a{% else %}b{% endfor %}", "{% for x in [1] %}a{% else %}b{% endfor %}", "{% for x in undefined_name %}a{% else %}b{% endfor %}",
    "{% for x in none %}{% endfor %}", "{% for x in 5 %}{% endfor %}", "{% for c in 'abc' %}{{ c }},{% endfor %}",
    "{% for k in {'a': 1, 'b': 2} %}{{ k }}{% endfor %}", "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in {'a': 1} | items %}{{ k }}={{ v }};{% endfor %}", "{% for a, b in [[1, 2], [3]] %}{{ a }}{% endfor %}",
    "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for x in [1, 2, 3] %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }};{% endfor %}",
    "{% for x in [1, 2, 3] %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }};{% endfor %}",
    "{% for x in [1, 2, 3] %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }};{% endfor %}",
    "{% for x in [1, 2, 3] %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for x in [1, 2, 3, 4] if x is even %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}",
    "{% for x in [1, 2] if x > 5 %}{{ x }}{% else %}none{% endfor %}", "{% for x in [1, 2] %}{% for y in [3, 4] %}{{ loop.index }}{% endfor %}{{ loop.index }};{% endfor %}",
    "{% for x in [1, 2] %}{% set outer = loop %}{% for y in [3] %}{{ outer.index }}{{ loop.depth }}{% endfor %}{% endfor %}",
    "{% for x in range(3) %}{{ x }}{% endfor %}{{ x }}", "{% for x in [1, 2, 3] %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in [1, 2, 3] %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endfor %}", "{% break %}", "{% for x in [1] %}{% break %}{% else %}e{% endfor %}",
    "{% if false %}a{% elif true %}b{% else %}c{% endif %}", "{% if 0 %}a{% elif '' %}b{% else %}c{% endif %}", "{% if undefined_name %}a{% else %}b{% endif %}",
    "{% if not messages %}a{% endif %}b", "{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(b=5, a=4) }}{{ m() }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(c=2) }}", "{% macro m() %} x {% endmacro %}[{{ m() | trim }}]{{ m() ~ 'y' }}",
    "{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ m() }}", "{% macro m(n) %}{% if n > 0 %}{{ n }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(3) }}",
    "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}", "{% macro m() %}{{ messages | length }}{% endmacro %}{{ m() }}",
    "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}x{% endmacro %}{{ a() }}", "{% macro m() %}{% set x = 3 %}{% endmacro %}{{ m() }}{{ x }}",
    "{% generation %}a{% endgeneration %}", "{% filter upper %}abc{{ 'd' }}{% endfilter %}", "{% with %}{% set x = 1 %}{{ x }}{% endwith %}{{ x }}",
    "{% with x = 1, y = 2 %}{{ x }}{{ y }}{% endwith %}", "{% if true %}", "{% endif %}", "{% for x %}{% endfor %}", "{% for x in [1] %}{% endif %}", "{% nothing %}",
    "{% if true %}a{% else %}b{% else %}c{% endif %}", "{{ }}", "{{ 1", "{% if", "{# x", "{% set = 1 %}", "{% set 1 = 2 %}", "{% macro %}{% endmacro %}",
    "{{ 1 }}}", "{ {{ 1 }} }", "{%", "{{ 'a' }} {{- 'b' }}", "{% set x = messages[1:] if messages[0].role == 'system' else messages %}{{ x | length }}",
    "{% for message in messages %}{{ message.role }}{{ '\\n' if not loop.last }}{% endfor %}", "{% set messages = messages[1:] %}{{ messages | length }}",
    "{% for x in [1] %}{{ loop }}{% endfor %}"[:20] + "{% endfor %}", "{% set x = 'a' %}{% set x = x ~ 'b' %}{{ x }}", "{% set a = b = 1 %}",
    "{% for m in messages %}{% set content = m.content %}{% if loop.first %}{% set content = 'F' ~ content %}{% endif %}{{ content }};{% endfor %}",
    "{% for i in range(messages | length) %}{{ messages[i].role }}{% endfor %}", "{%- for m in messages -%}\n  {{- m.role }} \n{%- endfor %}",
    "{{ 'a' if true else 'b' }}{{ 'c' if false }}", "{% set range = 3 %}{{ range }}", "a{% set x = 1 -%}   b", "{% if true -%}\n\n x{% endif %}", "{{ 'x' }}\n\n",
    "{% set x = {'a': 1} %}{{ x.items() | list }}{{ x.items is defined }}"[:47], "\n{% if true %}\n\nx\n{% endif %}\n", "\t{% if true %}\tx{% endif %}",
    "{{ messages | tojson }}", "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}", "{% set t = (1, 2) %}{% set a, b = t %}{{ b }}",
    "{% for x in 'ab' %}{% for y in 'cd' if y != 'c' %}{{ x }}{{ y }}{% endfor %}{% endfor %}", "{%-if true-%}x{%-endif-%}", "{{1}}{{-2-}}",
]

SNIPPETS = ["{{ " + line + " }}" for line in EXPRESSIONS.strip("\n").split("\n")] + STATEMENTS
