// Makes the page live: it is read anew when the relay says that something changed. All of it works without this, by loading again.
"use strict";
(() => {
    const main = document.getElementById("main"), offline = document.getElementById("offline"), kept = localStorage;
    const isDraft = element => element.matches?.("textarea[id], input[id^=pick]");
    const drafts = of => of.querySelectorAll("textarea[id], input[id^=pick]");
    let reading = false, again = false, silentSince = null, sent = 0;

    const restore = () => drafts(document).forEach(field => {
        const draft = kept.getItem("draft:" + field.id), tried = kept.getItem("once:" + field.form?.id), once = field.form?.elements.once;
        if (draft !== null && field.type !== "textarea") field.checked = draft === "1";
        else if (draft !== null && field.value === field.defaultValue) field.value = draft;
        if (tried && once) once.value = tried; // Perhaps the relay has them: sent again, they are the same words.
    });
    const isKept = old => isDraft(old) || old.dataset?.changed || old.dataset?.sent;
    const isChanged = field => field.type === "textarea" && field.value !== field.defaultValue
        && kept.getItem("draft:" + field.id) !== null; // Else another window has sent it.
    const isWritten = old => old.querySelector && [...drafts(old)].some(isChanged);
    const stay = old => { // Its question was closed elsewhere, and somebody is writing.
        if (!isWritten(old)) return false;
        if (old.querySelector(".stale")) return true;
        const note = document.createElement("p"), drop = document.createElement("button");
        note.className = "notice refused stale";
        note.setAttribute("role", "alert");
        note.textContent = "This was closed meanwhile: what you wrote is not sent, and stays here. ";
        drop.type = "button";
        drop.textContent = "Drop these words";
        drop.onclick = () => { [old, ...old.querySelectorAll("form")].forEach(forget); old.remove(); };
        note.append(drop);
        old.prepend(note);
        return true;
    };
    const tell = text => {
        const notice = document.createElement("div");
        notice.id = "notice";
        notice.className = "notice refused";
        notice.setAttribute("role", "alert");
        notice.textContent = text;
        document.getElementById("notice")?.remove();
        main.prepend(notice);
        notice.scrollIntoView({ block: "nearest" });
    };
    const show = (html, sentBy) => {
        const page = new DOMParser().parseFromString(html, "text/html"), fresh = page.getElementById("main");
        if (!fresh) return location.reload();
        document.title = page.title;
        Idiomorph.morph(main, fresh, { morphStyle: "outerHTML", callbacks: {
            beforeNodeMorphed: old => !isKept(old),
            // The notice may hold words, and is there to be read.
            beforeNodeRemoved: old => sentBy && (old.id === "notice" || old.contains(sentBy)) || old.id !== "notice" && !stay(old),
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
            else if (response.ok) { show(html); isHeard(); }
        } catch { isSilent(); } finally { reading = false; }
        if (again) { again = false; read(); }
    };
    const forget = form => {
        kept.removeItem("once:" + form.id);
        drafts(form).forEach(field => {
            kept.removeItem("draft:" + field.id);
            if (field.type === "textarea") field.value = field.defaultValue; else field.checked = false;
        });
        form.querySelectorAll("[data-changed]").forEach(each => delete each.dataset.changed);
    };
    const submit = async (form, button) => {
        const card = form.closest(".card")?.id;
        const response = await fetch(button?.getAttribute("formaction") ?? form.getAttribute("action"), {
            method: "POST", headers: { Accept: "text/html" }, body: new URLSearchParams(new FormData(form, button)),
        });
        const html = await response.text();
        if (response.headers.get("Content-Type")?.includes("json")) {
            delete form.dataset.sent;
            return tell(`Not sent: ${JSON.parse(html).detail}`);
        }
        if (response.ok && button?.name !== "tap") forget(form); // A tap sends no words, and leaves them.
        delete form.dataset.sent;
        if (response.redirected && new URL(response.url).pathname !== location.pathname) return location.assign(response.url);
        show(html, form);
        if (!form.isConnected) forget(form); // The answer has the words.
        isHeard();
        if (document.activeElement === document.body && card) document.getElementById(card)?.focus();
        document.getElementById("notice")?.scrollIntoView({ block: "nearest" });
    };
    const keys = {
        j: cards => cards[(cards.indexOf(at()) + 1) % cards.length]?.focus(),
        k: cards => cards.at(Math.max(cards.indexOf(at()), 0) - 1)?.focus(),
        a: cards => (at() ?? cards[0])?.querySelector("textarea[id^=words], textarea")?.focus(),
        "/": () => document.querySelector("[data-search]")?.focus(),
        "?": () => document.getElementById("keys").showModal(),
    };
    const at = () => document.activeElement.closest(".card[tabindex]");
    const choose = number => {
        const answers = (document.activeElement.closest("fieldset") ?? at())?.querySelectorAll(".options button, .pick input");
        answers?.[number - 1]?.focus();
        answers?.[number - 1]?.click();
    };

    document.addEventListener("keydown", event => {
        const isTyping = event.target.matches?.("textarea, select, input:not([type=radio], [type=checkbox]), [contenteditable]");
        if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing || isTyping) return;
        if (document.querySelector("dialog[open]")) return;
        if (/^[1-9]$/.test(event.key) && at()) choose(Number(event.key));
        else if (Object.hasOwn(keys, event.key)) keys[event.key]([...document.querySelectorAll(".card[tabindex]")]);
        else return;
        event.preventDefault();
    });
    document.addEventListener("input", event => {
        const field = event.target, id = "once:" + field.form?.id;
        if (kept.getItem(id) !== null && field.form.elements.once) { // The relay perhaps has what was sent: these are other words.
            kept.removeItem(id);
            field.form.elements.once.value = crypto.getRandomValues(new Uint32Array(4)).join("-");
        }
        if (field.type === "radio")
            for (const each of field.form.elements) if (each.name === field.name) kept.removeItem("draft:" + each.id);
        if (isDraft(field)) kept.setItem("draft:" + field.id, field.type === "textarea" ? field.value : field.checked ? "1" : "");
        if (field.tagName === "SELECT") field.dataset.changed = "1";
    });
    document.addEventListener("submit", async event => {
        const form = event.target;
        if (form.method !== "post") return;
        event.preventDefault();
        if (form.dataset.sent) return;
        form.dataset.sent = "1";
        sent++;
        try { await submit(form, event.submitter); } catch {
            delete form.dataset.sent;
            if (form.elements.once && form.id) kept.setItem("once:" + form.id, form.elements.once.value);
            isSilent();
        } finally { sent++; }
    });
    const listen = () => {
        const events = new EventSource("/changes");
        events.addEventListener("changed", read);
        events.onopen = isHeard;
        events.onerror = () => {
            isSilent();
            if (events.readyState !== EventSource.CLOSED) return;
            read(); // It was refused, by the relay or on the way, and does not try again by itself.
            setTimeout(listen, 5000);
        };
    };
    listen();
    setInterval(read, 30000); // Times grow by themselves.
    restore();
})();
