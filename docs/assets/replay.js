// Shows an output that is already on the page again, at its true pace.
// Hidden lines keep their space, so nothing on the page moves. Without this script, nothing is lost.
customElements.define("exhibit-replay", class extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    const state = this.querySelector("[role=status]");
    const lines = this.querySelectorAll("[data-at]");
    let timers = [];
    const stop = () => {
      timers.forEach(clearTimeout);
      timers = [];
      lines.forEach((line) => line.classList.remove("exhibit-later"));
      button.setAttribute("aria-pressed", "false");
    };
    button.addEventListener("click", () => {
      const playing = timers.length;
      stop();
      state.textContent = "";
      if (playing) return;
      button.setAttribute("aria-pressed", "true");
      lines.forEach((line) => {
        line.classList.add("exhibit-later");
        timers.push(setTimeout(() => line.classList.remove("exhibit-later"), line.dataset.at * 1000));
      });
      timers.push(setTimeout(() => { stop(); state.textContent = "Replay is over"; }, this.dataset.duration * 1000));
    });
  }
});
