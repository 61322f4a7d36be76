/* The beginning: the module is loaded, the fragment is read, forms are tied to actions. */

(async () => {
    const field = id => document.getElementById(id);

    const navigation = wanted => {
        const item = (href, words, here) => make('li', {}, make('a', {href, 'aria-current': here ? 'page' : null}, words));
        field('lesson-links').replaceChildren(
            ...lessons.all().map(lesson => item(`#lesson=${lesson.name}`, lesson.title, lesson.name === wanted.lesson)),
            item('#seed=1', 'Play freely', wanted.lesson === null));
    };

    const showNetwork = state => {
        const {loss, duplicate, delay_min: min, delay_max: max, attacker} = state.network;
        field('loss').value = loss;
        field('duplicate').value = duplicate;
        field('delay').value = min === max ? min : `${min}-${max}`;
        field('attacker').value = attacker;
        field('seed').value = state.seed;
        field('world').value = state.world;
    };

    const go = () => {
        const wanted = link.read();
        if (location.hash.length < 2)
            wanted.lesson = lessons.all()[0].name;
        navigation(wanted);
        lessons.begin(wanted.lesson);
        if (lessons.current() === null)
            player.begin(wanted.config.join('&'), wanted.actions);
        document.title = `${lessons.current()?.title ?? 'Play freely'} - nibdns`;
        showNetwork(player.state());
        field('network').open = lessons.current() === null;
        if (wanted.end && lessons.current() !== null)
            lessons.end();
        else if (wanted.end)
            player.end();
        else if (wanted.actions.length > 0)
            player.play();
    };

    const editRecords = name => {
        const host = player.state().hosts.find(other => other.name === name);
        setText(field('records-title'), `Records of ${name}`);
        setText(field('records-fault'), '');
        field('records-text').value = host.records;
        field('records').dataset.host = name;
        field('records').showModal();
    };

    field('records-save').addEventListener('click', event => {
        const fault = player.act(`records ${field('records').dataset.host} ${field('records-text').value}`);
        setText(field('records-fault'), fault);
        if (fault !== '')
            event.preventDefault();
    });

    field('network-form').addEventListener('submit', event => {
        event.preventDefault();
        const state = player.state(), {network} = state;
        if (Number(field('seed').value) !== state.seed || field('world').value !== state.world) {
            const keys = ['seed', 'loss', 'duplicate', 'delay', 'attacker', 'world'];
            location.hash = keys.map(key => `${key}=${field(key).value}`).join('&');
            return;
        }
        const delay = network.delay_min === network.delay_max ? `${network.delay_min}` : `${network.delay_min}-${network.delay_max}`;
        const old = {loss: `${network.loss}`, duplicate: `${network.duplicate}`, delay, attacker: network.attacker};
        for (const [key, value] of Object.entries(old))
            if (field(key).value !== value)
                player.act(`set ${key} ${field(key).value}`);
    });

    /* In free play the address is always the link to the run. */
    player.hooks.acted = () => {
        if (lessons.current() === null)
            history.replaceState(null, '', link.of(player.state()));
    };

    field('restart').addEventListener('click', go);
    field('copy').addEventListener('click', async () => {
        const text = `${location.href.split('#')[0]}${link.of(player.state())}`;
        history.replaceState(null, '', text);
        try {
            await navigator.clipboard.writeText(text);
            player.say('The link is copied.');
        } catch {
            player.say('The link stands in the address bar.');
        }
    });

    stage.wishes.act = detail.wishes.act = player.act;
    stage.wishes.choose = messages.wishes.choose = player.choose;
    stage.wishes.edit = editRecords;
    try {
        await machine.load();
    } catch (error) {
        player.say(`This browser cannot run the page: ${error.message}`);
        return;
    }
    const choices = machine.choices();
    stage.setTypes(choices.types);
    field('world').append(...choices.worlds.map(world => make('option', {value: world.name}, world.words)));
    lessons.parse();
    addEventListener('hashchange', go);
    go();
    document.documentElement.dataset.ready = '';
})();
