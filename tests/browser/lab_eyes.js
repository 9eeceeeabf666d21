// What a reader who cannot see well, or uses no mouse, would stumble over in a part of the page.
window.eyes = {
    /** Return a line for each stumbling block below the elements that the selector finds. */
    troubles(selector) {
        const found = [];
        for (const root of document.querySelectorAll(selector)) {
            const all = [root, ...root.querySelectorAll("*")].filter(each => this.isShown(each));
            found.push(...all.filter(each => each.matches(this.NAMED) && !this.name(each)).map(each => `no name: ${this.short(each)}`));
            found.push(...all.filter(each => this.isDeaf(each)).map(each => `no key reaches it: ${this.short(each)}`));
            found.push(...all.flatMap(each => this.faint(each)));
        }
        return found;
    },

    NAMED: "button, a[href], input, select, textarea, summary, progress, meter, table, [role=button], [role=img], " +
        "[role=progressbar], [role=meter], [role=grid], [role=tab], [role=option], [role=group], [role=region]",

    isShown(element) {
        const style = getComputedStyle(element);
        return element.getClientRects().length > 0 && style.visibility !== "hidden" && !element.closest("[aria-hidden=true]");
    },

    /** A table names itself by its heads. */
    name(element) {
        const labelled = (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean);
        const texts = [
            element.getAttribute("aria-label"),
            ...labelled.map(id => document.getElementById(id)?.textContent),
            ...[...(element.labels || [])].map(label => label.textContent),
            element.getAttribute("alt"),
            element.getAttribute("title"),
            element.matches("input, select, textarea, progress, meter, [role=grid], [role=group], [role=region]") ? "" : element.textContent,
        ];
        return texts.map(text => (text || "").trim()).find(Boolean);
    },

    /** What is clicked must be reached by Tab as well. */
    isDeaf(element) {
        const isButton = element.matches("[role=button], [onclick]") && !element.matches("button, a[href], input, select, summary");
        return isButton && element.tabIndex < 0;
    },

    /** Text whose contrast with its ground is below 4.5 to 1 (3 to 1 where it is large), as WCAG 2.2 counts. */
    faint(element) {
        const own = [...element.childNodes].filter(each => each.nodeType === Node.TEXT_NODE && each.data.trim());
        if (!own.length || element.matches(":disabled, :disabled *")) return [];
        const style = getComputedStyle(element);
        const size = parseFloat(style.fontSize);
        const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
        const ratio = this.contrast(element, style.color);
        const said = `${ratio.toFixed(2)} to 1: ${style.color} in ${this.short(element)}`;
        return ratio < least ? [said] : [];
    },

    contrast(element, color) {
        const ground = this.ground(element);
        const [r, g, b, alpha] = this.parse(color);
        const ink = [r, g, b, alpha * this.opacity(element)];
        const [light, dark] = [this.luminance(this.over(ink, ground)), this.luminance(ground)].sort((a, b) => b - a);
        return (light + 0.05) / (dark + 0.05);
    },

    /** The colour behind an element: those of its ancestors, one over the other, on white. */
    ground(element) {
        const layers = [];
        for (let each = element; each; each = each.parentElement) {
            const layer = this.parse(getComputedStyle(each).backgroundColor);
            layers.push(layer);
            if (layer[3] === 1) break;
        }
        return layers.reverse().reduce((below, layer) => this.over(layer, below), [255, 255, 255, 1]);
    },

    opacity(element) {
        let product = 1;
        for (let each = element; each; each = each.parentElement) product *= Number(getComputedStyle(each).opacity);
        return product;
    },

    over([r, g, b, alpha], below) {
        return [r, g, b].map((value, index) => value * alpha + below[index] * (1 - alpha)).concat(1);
    },

    /** Let the browser itself read a colour, however it is written. */
    parse(color) {
        this.canvas ||= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        this.canvas.clearRect(0, 0, 1, 1);
        this.canvas.fillStyle = color;
        this.canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, alpha] = this.canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, alpha / 255];
    },

    luminance([r, g, b]) {
        const linear = [r, g, b].map(value => value / 255).map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    },

    short(element) {
        return element.outerHTML.replace(/\s+/g, " ").slice(0, 160);
    },
};
