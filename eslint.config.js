import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: ['dist', 'build', 'native/build', 'results', 'node_modules', 'coverage', 'packages/*/{esm,cjs}'],
  },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      // Typed arrays under noUncheckedIndexedAccess: `a[i]!` in a counted loop is the honest form.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    // The rules that need types, for what users run: tests and benchmarks read untyped JSON at every turn.
    files: ['src/**/*.ts'],
    extends: [tseslint.configs.strictTypeCheckedOnly],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Our objects are closures: their methods do not use `this`.
      '@typescript-eslint/unbound-method': 'off',
      // It does not see that a signal aborts, or a callback sets a variable, while something is awaited.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // What is thrown here is an Error: ours, Node's or a library's.
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      // A string is spread into its code points, on purpose.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // tfjs's generic functions get a tensor's rank from such an assertion.
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      // tfjs hands our own objects back under its types.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // The loaders of backends share one asynchronous form.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowArray: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    // Programs that bundle these classes need a plain import.
    ignores: ['src/tf-optimizers/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@tensorflow/*'],
              allowTypeImports: true,
              message: 'Import it from backends/tfjs.ts, which says why.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
);
