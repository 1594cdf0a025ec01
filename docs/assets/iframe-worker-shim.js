// Lets the search work from file://, where a browser starts no worker: it runs in a hidden frame.
// After iframe-worker by Martin Donath, whose inline script the policy of these pages would refuse.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = Object.assign(document.createElement("iframe"), { hidden: true });
      document.body.append(this.frame);
      const { document: inside } = this.inside = this.frame.contentWindow;
      inside.open();
      inside.write("<!doctype html><title>Search</title><body>");
      inside.close();
      this.inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      const script = Object.assign(inside.createElement("script"), { src: new URL(url, location) });
      script.addEventListener("error", () => this.dispatchEvent(new ErrorEvent("error")));
      this.loaded = new Promise((resolve) => { script.addEventListener("load", resolve); });
      inside.body.append(script);
    }
    postMessage(data) {
      this.loaded.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
    }
    terminate() {
      this.frame.remove();
    }
  };
}
