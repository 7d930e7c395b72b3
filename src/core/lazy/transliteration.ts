// The tables for writing other scripts in Latin letters, which the first file name that is not ASCII loads.
export { transliterate } from 'transliteration';
