// Tables of every script's spelling in Latin letters: loaded with the first name that is not plain ASCII.
export { transliterate } from 'transliteration';
