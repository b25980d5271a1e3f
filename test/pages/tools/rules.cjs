// The rules of html-validate for the pages of chaosctl: all of its recommended ones, but for those below.
module.exports = {
  root: true,
  extends: ['html-validate:recommended'],
  rules: {
    // On phones the rows of tables are laid out as cards, and a table that is not laid out as one is not read out as one unless
    // its roles are spelt out.
    'no-redundant-role': 'off',
    // Either is right.
    'doctype-style': ['error', { style: 'lowercase' }],
  },
}
