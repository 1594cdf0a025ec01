// Lets readers paste a whole error message, or ask a question, into the search.
// The search reads the words alone, without signs that it would take for operators, and without
// words that every page has. The reader sees what was pasted. Without this script, nothing is lost.
{
  const COMMON = new Set(("a about after all am an and any are as at be been before but by can cannot could did do does "
    + "for from get had has have he her him his how i if in into is it its just let like me my no nor not of off "
    + "on only or other our out she should so some such than that the their them then there they this to too us "
    + "was we were what when where which while who why will with would yet you your").split(" "));
  const input = document.querySelector("input[data-md-component=search-query]");
  const shown = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
  if (input) {
    Object.defineProperty(input, "value", {
      get() {
        const text = shown.get.call(this);
        const words = text.split(/[^\p{L}\p{N}_]+|\b0x\w*/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
        const telling = words.filter((word) => !/^\d+$/.test(word) && !COMMON.has(word.toLowerCase()));
        return [...new Set(telling.length ? telling : words)]
          .map((word) => (/\p{Ll}\p{Lu}/u.test(word) ? `*${word}` : word)).join(" ");
      },
      set(text) { shown.set.call(this, text); },
    });
    // The search listens to keys alone, and what a mouse pastes presses none.
    input.addEventListener("input", () => input.dispatchEvent(new Event("keyup")));
  }
}
