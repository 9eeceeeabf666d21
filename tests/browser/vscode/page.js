// A notebook without an editor: cells run in a kernel, and widgets are shown by VS Code's own manager of widgets.
import "@jupyter-widgets/controls/css/labvariables.css"; // as its loader does, for the whole page
import { CommsOverSubshells, KernelManager, ServerConnection } from "@jupyterlab/services";

const VIEW = "application/vnd.jupyter.widget-view+json";
const TEXTS = ["text/html", "text/plain"]; // the first that there is
const LOADED = ["@jupyter-widgets/controls", "@jupyter-widgets/base", "@jupyter-widgets/output"];

class Notebook {
    cells = [];
    places = new Map(); // of what may be shown anew, by its display id

    async open(baseUrl, token) {
        const settings = { baseUrl: `${baseUrl}/`, wsUrl: `${baseUrl.replace("http", "ws")}/`, token };
        const manager = new KernelManager({ serverSettings: ServerConnection.makeSettings(settings) });
        this.kernel = await manager.startNew({ name: "python3" });
        this.kernel.commsOverSubshells = CommsOverSubshells.Disabled; // clicks wait there until a cell has ended
        this.kernel.iopubMessage.connect((_, message) => this.renew(message));
        window.vscIPyWidgets8.load();
        this.widgets = new window.vscIPyWidgets.WidgetManager(this.kernel, document.body, this.loader(), () => {});
    }

    /** Find what is no widget of the core's in the folder that Jupyter keeps extensions in, as VS Code does. */
    loader() {
        const found = new Set(LOADED);
        return {
            widgetsRegisteredInRequireJs: found,
            async loadWidgetScript(name) {
                window.requirejs.config({ paths: { [name]: `nbextensions/${name}/index` } });
                found.add(name);
            },
            successHandler() {},
            errorHandler(className, name, version, error) {
                console.error(`no ${className} of ${name} ${version}: ${error}`);
            },
        };
    }

    /** Begin to run a cell, and return its place. */
    run(source) {
        const element = document.createElement("div");
        element.className = "cell";
        document.body.append(element);
        const cell = { element, done: false, failed: null };
        const future = this.kernel.requestExecute({ code: source });
        future.onIOPub = message => this.take(message, cell);
        future.done.then(() => (cell.done = true));
        return this.cells.push(cell) - 1;
    }

    take({ header, content }, cell) {
        if (header.msg_type === "error") cell.failed = content;
        if (header.msg_type === "stream") this.place(cell).append(content.text);
        if (header.msg_type === "error") this.place(cell).append(`${content.ename}: ${content.evalue}`);
        if (header.msg_type !== "display_data" && header.msg_type !== "execute_result") return;
        const place = this.place(cell);
        if (content.transient?.display_id) this.places.set(content.transient.display_id, place);
        this.show(content.data, place);
    }

    renew({ header, content }) {
        const place = header.msg_type === "update_display_data" && this.places.get(content.transient.display_id);
        if (place) this.show(content.data, place);
    }

    place(cell) {
        const place = document.createElement("div");
        place.className = "output";
        cell.element.append(place);
        return place;
    }

    async show(data, place) {
        const box = document.createElement("div");
        place.replaceChildren(box);
        const kind = TEXTS.find(each => each in data);
        if (VIEW in data) await this.draw(data[VIEW], box);
        else if (kind === "text/html") box.innerHTML = data[kind];
        else box.textContent = data[kind];
    }

    async draw(data, box) {
        box.className = "cell-output-ipywidget-background";
        const model = await this.widgets.get_model(data.model_id);
        const view = await this.widgets.create_view(model, { el: box });
        await this.widgets.display_view(data, view, { node: box });
    }
}

window.notebook = new Notebook();
