/*
 * Time: plays, pauses, steps, goes back. The module's clock stands still unless it is moved from
 * here; what happens between two frames of the screen happens one event after the other.
 */

const player = (() => {
    const button = id => document.getElementById(id);
    const clock = document.querySelector('[data-clock]'), status = document.getElementById('status');
    const speed = document.getElementById('speed');
    const calm = matchMedia('(prefers-reduced-motion: reduce)');
    const FLIGHT = 1100, SILENCE = 900; /* ms of a person's time that a way and a wait take */
    const hooks = {quiet: null, note: () => null, restore: null, acted: null};
    let state = null, now = 0, playing = false, untilQuiet = false, chosen = 0, before = 0;

    const say = words => setText(status, words);

    /* How many simulated milliseconds go by in one of a person's. */
    const pace = () => {
        if (Number(speed.value) > 0)
            return Number(speed.value);
        const under = messages.all().filter(m => m.under_way);
        if (under.length > 0)
            return Math.min(...under.map(m => m.until - m.since)) / FLIGHT;
        const next = machine.next();
        return next < 0 ? 1 : Math.max(1, (next - state.now) / SILENCE);
    };

    const read = () => {
        state = machine.state();
        messages.read(state.messages);
    };

    /* In a lesson a step never goes on to where a record expires. */
    const canStep = () => state.next >= 0 || (state.expiry >= 0 && hooks.quiet === null);

    const draw = () => {
        stage.show(state, messages.all(), now, calm.matches, chosen);
        messages.show(chosen);
        detail.show(messages.of(chosen));
        ladder.show();
        setText(clock, `${messages.seconds(Math.floor(now))} s`);
        button('back').disabled = !past.can();
        button('step').disabled = !canStep();
        setText(button('play'), playing ? 'Pause' : 'Play');
    };

    const refresh = () => {
        read();
        now = Math.max(now, state.now);
        draw();
    };

    const tellLookups = was => {
        for (const host of state.hosts) {
            const old = was?.hosts.find(other => other.name === host.name);
            if (host.role === 'client' && host.said !== '' && old !== undefined && old.said !== host.said)
                say(`${host.name}: ${host.said}`);
        }
        if (state.full)
            say('This run is as long as the page can keep. Begin a new one.');
    };

    /* One event, which can be taken back. */
    const one = () => {
        const was = state;
        past.remember({chosen, ...hooks.note()});
        machine.step();
        read();
        now = state.now;
        tellLookups(was);
    };

    /* The same for many, of which only the end is shown. */
    const many = () => {
        const was = state;
        while (machine.next() >= 0) {
            past.remember({chosen, ...hooks.note()});
            machine.step();
        }
        read();
        now = state.now;
        tellLookups(was);
    };

    const pause = () => {
        playing = false;
        refresh();
    };

    /* With still pictures each event is shown for a while instead. */
    const frame = time => {
        if (!playing)
            return;
        const real = Math.min(100, time - before);
        if (calm.matches && Number(speed.value) === 0) {
            if (time - before < SILENCE) {
                requestAnimationFrame(frame);
                return;
            }
            now = Math.max(now, machine.next());
        } else {
            now += real * pace();
        }
        before = time;
        let events = 0;
        for (let next = machine.next(); next >= 0 && next <= now && playing && events < 200; next = machine.next()) {
            one();
            events++;
        }
        if (events === 200)
            now = state.now;
        machine.advance(Math.floor(now));
        refresh();
        const rest = machine.next() < 0 && hooks.quiet !== null && (hooks.quiet() || untilQuiet);
        if (rest)
            pause();
        if (playing)
            requestAnimationFrame(frame);
    };

    /* In a lesson, what a person does besides is played until it is over. */
    const play = (quiet = false) => {
        if (playing)
            return;
        playing = true;
        untilQuiet = quiet;
        before = performance.now();
        requestAnimationFrame(frame);
        draw();
    };

    const act = words => {
        past.remember({chosen, ...hooks.note()});
        const fault = machine.act(words);
        say(fault);
        if (fault !== '')
            past.back();
        refresh();
        if (fault === '')
            hooks.acted?.();
        if (fault === '' && machine.next() >= 0)
            play(hooks.quiet !== null);
        return fault;
    };

    const choose = number => {
        chosen = number;
        draw();
        detail.focus();
    };

    const forward = () => {
        if (!canStep())
            return;
        playing = false;
        one();
        if (machine.next() < 0)
            hooks.quiet?.();
        draw();
    };

    const backward = () => {
        if (!past.can())
            return;
        playing = false;
        const note = past.back();
        chosen = note.chosen;
        messages.forget();
        read();
        now = state.now;
        hooks.restore?.(note);
        hooks.acted?.();
        draw();
    };

    button('play').addEventListener('click', () => (playing ? pause() : play()));
    button('step').addEventListener('click', forward);
    button('back').addEventListener('click', backward);
    addEventListener('keydown', event => {
        const elsewhere = event.target.closest('input, select, textarea, dialog, summary, [data-messages], #ladder') !== null;
        if (elsewhere || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey)
            return;
        if (event.key === 'ArrowRight')
            forward();
        else if (event.key === 'ArrowLeft')
            backward();
    });
    addEventListener('resize', () => state !== null && draw());

    return {
        hooks, play, pause, act, choose, say, refresh,
        state: () => state,
        /* A new run; its actions are planned, not done yet. */
        begin(config, actions) {
            let fault = machine.start(config);
            for (const [when, words] of actions)
                fault = fault || machine.plan(when, words);
            playing = false;
            now = 0;
            chosen = 0;
            past.begin();
            messages.forget();
            stage.forget();
            say(fault);
            refresh();
        },
        plan(when, words) {
            const fault = machine.plan(Math.max(when, state.now), words);
            read();
            if (fault !== '')
                say(fault);
        },
        /* All that is going to happen, at once. */
        end() {
            many();
            refresh();
        },
    };
})();
