// Loaded with the first question: most runs of a command ask none.
export { confirm, input, select } from '@inquirer/prompts';
