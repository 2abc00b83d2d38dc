// Makes the page live: it is read anew when the relay says that something changed. All of it works without this, by loading again.
"use strict";
(() => {
    const main = document.getElementById("main"), offline = document.getElementById("offline"), kept = localStorage;
    const isDraft = element => element.matches?.("textarea[id]");
    let reading = false, again = false, silentSince = null, sent = 0;

    const restore = () => document.querySelectorAll("textarea[id]").forEach(field => {
        const draft = kept.getItem("draft:" + field.id), tried = kept.getItem("once:" + field.id), once = field.form?.elements.once;
        if (draft !== null && field.value === "") field.value = draft;
        if (tried && once) once.value = tried; // Perhaps the relay has them: sent again, they are the same words.
    });
    const isKept = old => isDraft(old) || old.dataset?.changed || old.dataset?.sent;
    const show = (html, isAnswer) => {
        const page = new DOMParser().parseFromString(html, "text/html"), fresh = page.getElementById("main");
        if (!fresh) return location.reload();
        document.title = page.title;
        Idiomorph.morph(main, fresh, { morphStyle: "outerHTML", callbacks: {
            beforeNodeMorphed: old => !isKept(old),
            beforeNodeRemoved: old => isAnswer || old.id !== "notice", // It may hold words, and is there to be read.
            beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS"),
        } });
        restore();
    };
    const isHeard = () => { silentSince = null; offline.hidden = true; };
    const isSilent = () => {
        silentSince ??= new Date().toTimeString().slice(0, 5);
        offline.textContent = `The relay does not answer since ${silentSince}; what you type stays here.`;
        offline.hidden = false;
    };
    const read = async () => {
        if (reading) { again = true; return; }
        reading = true;
        const before = sent;
        try {
            const response = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
            if (response.status === 401) return location.reload();
            const html = await response.text();
            if (before !== sent) again = true; // What was sent meanwhile is not in it.
            else if (response.ok) { show(html, false); isHeard(); }
        } catch { isSilent(); } finally { reading = false; }
        if (again) { again = false; read(); }
    };
    const submit = async (form, button) => {
        const field = form.querySelector("textarea[id]"), card = form.closest(".card")?.id;
        const response = await fetch(button?.getAttribute("formaction") ?? form.action, {
            method: "POST", headers: { Accept: "text/html" }, body: new URLSearchParams(new FormData(form, button)),
        });
        const html = await response.text();
        if (response.ok) {
            if (field) { kept.removeItem("draft:" + field.id); kept.removeItem("once:" + field.id); field.value = ""; }
            form.querySelectorAll("[data-changed]").forEach(each => delete each.dataset.changed);
        }
        delete form.dataset.sent;
        show(html, true);
        isHeard();
        if (document.activeElement === document.body && card) document.getElementById(card)?.focus();
        document.getElementById("notice")?.scrollIntoView({ block: "nearest" });
    };

    document.addEventListener("input", event => {
        if (isDraft(event.target)) kept.setItem("draft:" + event.target.id, event.target.value);
        if (event.target.tagName === "SELECT") event.target.dataset.changed = "1";
    });
    document.addEventListener("submit", async event => {
        const form = event.target, field = form.querySelector("textarea[id]");
        if (form.method !== "post") return;
        event.preventDefault();
        if (form.dataset.sent) return;
        form.dataset.sent = "1";
        sent++;
        try { await submit(form, event.submitter); } catch {
            delete form.dataset.sent;
            if (field && form.elements.once) kept.setItem("once:" + field.id, form.elements.once.value);
            isSilent();
        } finally { sent++; }
    });
    const events = new EventSource("/changes");
    events.addEventListener("changed", read);
    events.onopen = isHeard;
    events.onerror = isSilent;
    setInterval(read, 30000); // Times grow by themselves.
    restore();
})();
