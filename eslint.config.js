import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const TESTS = ["test/**/*.ts", "test-deep/**/*.ts"];

export default defineConfig(
  globalIgnores(["artifacts/", "cache/", "coverage/", "data/", "deploy/deployments/", "typechain/"]),
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      eqeqeq: "error",
      "prefer-const": "error",
      "no-console": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/consistent-type-exports": "error",
      // A type alias and an interface say the same thing; the code uses whichever reads better.
      "@typescript-eslint/consistent-type-definitions": "off",
      // An async method that awaits nothing is how a synchronous implementation fulfils an asynchronous interface.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: ":matches(NewExpression, CallExpression)[callee.name=/^(Error|TypeError|RangeError)$/]",
          message: "Throw a TenorError subclass, so that callers can tell the failure by its code (src/errors.ts).",
        },
      ],
    },
  },
  {
    // Its types are checked by `tsc -p src/page/static`.
    files: ["src/page/static/*.js"],
    rules: { eqeqeq: "error", "prefer-const": "error", "no-console": "error", "no-var": "error" },
  },
  {
    files: ["scripts/**/*.ts"],
    rules: { "no-console": "off" },
  },
  {
    files: TESTS,
    rules: {
      // `expect(x).to.be.true` is an expression; a forgotten await on an asynchronous one is a floating promise.
      "@typescript-eslint/no-unused-expressions": "off",
      "@typescript-eslint/no-empty-function": "off",
      // Tests print the seed that they drew, and why they were skipped.
      "no-console": "off",
    },
  },
);
