// What a test asks of the Jupyter page it stands in; made part of every page before its own scripts.
window.asked = {
    /** The open notebook, or undefined while the page is still being laid out. */
    panel(path) {
        const shell = window.jupyterapp && window.jupyterapp.shell;
        const widgets = shell ? [...shell.widgets("main")] : [];
        return widgets.find(each => each.context && each.context.path === path && each.content.widgets);
    },

    /** Open a notebook without a kernel. */
    async look(path) {
        const kernelPreference = { shouldStart: false, canStart: true, autoStartDefault: false };
        await window.jupyterapp.restored;
        await window.jupyterapp.commands.execute("docmanager:open", { path, kernelPreference });
    },

    async ready(path) {
        if (!window.jupyterapp) return false;
        await window.jupyterapp.restored;
        const panel = this.panel(path); // the layout's restoration may have put another in its place
        if (!panel || document.querySelector("#jupyterlab-splash")) return false;
        await panel.revealed;
        return panel.content.widgets.length > 0;
    },

    isStarted() {
        return Boolean(window.jupyterapp && window.jupyterapp.shell);
    },

    kernel(path) {
        const panel = this.panel(path);
        const session = panel && panel.sessionContext.session;
        return session && session.kernel ? session.kernel.status : "none";
    },

    idle(path) {
        return this.kernel(path) === "idle";
    },

    cells(path) {
        return this.panel(path).content.widgets.map(each => each.model.sharedModel.toJSON());
    },

    /** Make a cell the one that keys go to. */
    choose(path, index) {
        const { content } = this.panel(path);
        content.deselectAll();
        content.activeCellIndex = index;
        content.mode = "command";
        content.activate();
    },

    /** Add a cell at the end, and return its place. */
    add(path, source) {
        const { widgets, model } = this.panel(path).content;
        model.sharedModel.addCell({ cell_type: "code", source });
        return widgets.length - 1;
    },

    theme(path, name) {
        return window.jupyterapp.commands.execute("apputils:change-theme", { theme: name });
    },


    /** Whether a cell that bore the number `before` has run since, and the kernel rests. */
    done(path, index, before) {
        const count = this.panel(path).content.widgets[index].model.executionCount;
        return count !== null && count !== before && this.kernel(path) === "idle";
    },

    saved(path) {
        return !this.panel(path).model.dirty;
    },
};
