declare module "virtual:emoji" {
  /** Character, name, and further words to search by. */
  export type Emoji = readonly [character: string, name: string, words: string];
  const groups: readonly { readonly name: string; readonly emoji: readonly Emoji[] }[];
  export default groups;
}
