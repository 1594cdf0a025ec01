// Fetches what the search needs (50 KB) at the first sign of a reader, not with every page.
{
  const signs = ["pointerover", "pointerdown", "keydown", "focusin", "scroll"];
  const used = new Promise((resolve) => {
    signs.forEach((sign) => addEventListener(sign, resolve, { once: true, passive: true }));
  });
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url, ...others) {
    open.call(this, method, url, ...others);
    if (`${url}`.endsWith("search_index.json")) {
      this.send = () => used.then(() => XMLHttpRequest.prototype.send.call(this));
    }
  };
  const Started = Worker;
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.started = used.then(() => {
        const worker = new Started(url);
        worker.addEventListener("message", ({ data }) => {
          const message = new MessageEvent("message", { data });
          this.dispatchEvent(message);
          this.onmessage?.(message);
        });
        worker.addEventListener("error", (error) => this.onerror?.(error));
        return worker;
      });
    }
    postMessage(message) {
      this.started.then((worker) => worker.postMessage(message));
    }
    terminate() {
      this.started.then((worker) => worker.terminate());
    }
  };
}
