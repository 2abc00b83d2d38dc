// Makes the page live: it is read anew when the relay says that something changed. All of it works without this, by loading again.
"use strict";
(() => {
    const main = document.getElementById("main"), offline = document.getElementById("offline");
    const key = field => "draft:" + field.id;
    const isDraft = element => element.matches?.("textarea[id]");
    let reading = false, again = false, silentSince = null;

    const restore = () => document.querySelectorAll("textarea[id]").forEach(field => {
        const draft = localStorage.getItem(key(field));
        if (draft !== null && field.value === "") field.value = draft;
    });
    const show = html => {
        const page = new DOMParser().parseFromString(html, "text/html"), fresh = page.getElementById("main");
        if (!fresh) return location.reload();
        document.title = page.title;
        Idiomorph.morph(main, fresh, { morphStyle: "outerHTML", ignoreActiveValue: true, callbacks: {
            beforeNodeMorphed: old => !(isDraft(old) || old.dataset?.sent),
            beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS"),
        } });
        restore();
    };
    const answers = () => { silentSince = null; offline.hidden = true; };
    const isSilent = () => {
        silentSince ??= new Date();
        const at = silentSince.toTimeString().slice(0, 5);
        offline.textContent = `The relay does not answer since ${at}; what you type stays here.`;
        offline.hidden = false;
    };
    const read = async () => {
        if (reading) { again = true; return; }
        reading = true;
        try {
            const response = await fetch(location.pathname, { headers: { Accept: "text/html" }, cache: "no-store" });
            if (response.status === 401) return location.reload();
            if (response.ok) { show(await response.text()); answers(); }
        } catch { isSilent(); } finally { reading = false; }
        if (again) { again = false; read(); }
    };

    document.addEventListener("input", event => { if (isDraft(event.target)) localStorage.setItem(key(event.target), event.target.value); });
    document.addEventListener("submit", async event => {
        const form = event.target, button = event.submitter, field = form.querySelector("textarea[id]");
        if (form.method !== "post") return;
        event.preventDefault();
        if (form.dataset.sent) return;
        form.dataset.sent = "1";
        try {
            const body = new URLSearchParams(new FormData(form, button));
            const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
            if (field && (response.ok || response.status === 409)) { localStorage.removeItem(key(field)); field.value = ""; }
            delete form.dataset.sent;
            show(await response.text());
            document.getElementById("notice")?.scrollIntoView({ block: "nearest" });
        } catch { delete form.dataset.sent; isSilent(); }
    });
    const events = new EventSource("/changes");
    events.addEventListener("changed", read);
    events.onopen = answers;
    events.onerror = isSilent;
    setInterval(read, 30000); // Times grow by themselves.
    restore();
})();
