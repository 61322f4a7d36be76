/*
 * Lessons are texts: see lessons/. Each step says something, asks, and only then shows: what it does
 * are actions at times, as in a link.
 *
 *     lesson NAME      title ...       start CONFIG       speed WORD
 *     step ...         say ...         ask ...            right ...     wrong ...
 *     do MS ACTION     why ...
 */

const lessons = (() => {
    const part = id => document.getElementById(`lesson-${id}`);
    const panel = document.getElementById('lesson');
    const all = [];
    let current = null, at = 0, phase = 'ask', given = null;

    const parse = () => {
        let lesson = null, step = null;
        for (const line of document.getElementById('lesson-texts').textContent.split('\n')) {
            const [, word, rest] = /^(\S*)\s*(.*)$/.exec(line);
            if (word === '' || word.startsWith('#'))
                continue;
            if (word === 'lesson')
                all.push(lesson = {name: rest, title: rest, config: '', steps: []});
            else if (word === 'title')
                lesson.title = rest;
            else if (word === 'start')
                lesson.config = rest;
            else if (word === 'step')
                lesson.steps.push(step = {title: rest, say: '', ask: '', choices: [], actions: [], why: ''});
            else if (word === 'right' || word === 'wrong')
                step.choices.push({words: rest, right: word === 'right'});
            else if (word === 'do')
                step.actions.push([Number(rest.split(' ')[0]), rest.slice(rest.indexOf(' ') + 1).replaceAll('\\n', '\n')]);
            else
                step[word] = step[word] === '' ? rest : `${step[word]} ${rest}`;
        }
    };

    const isLast = () => at === current.steps.length - 1;

    const choiceItem = (choice, i) => {
        const done = phase === 'done', marks = [];
        if (done && choice.right)
            marks.push('right');
        if (given === i)
            marks.push(done && !choice.right ? 'not so' : 'your answer');
        return make('li', {}, make('button', {type: 'button', disabled: phase !== 'ask',
            class: [done && choice.right ? 'right' : '', given === i ? 'given' : ''].join(' '),
            onclick: () => answer(i)}, choice.words,
        ...(marks.length > 0 ? [make('em', {}, ` ${marks.join(', ')}`)] : [])));
    };

    const stepItem = (step, i) => make('li', {
        class: i < at || (i === at && phase === 'done') ? 'done' : '', 'aria-current': i === at ? 'step' : null,
    }, step.title);

    const draw = () => {
        panel.hidden = current === null;
        if (current === null)
            return;
        const step = current.steps[at];
        setText(part('title'), current.title);
        setText(part('say'), step.say);
        setText(part('question'), step.ask);
        part('steps').replaceChildren(...current.steps.map(stepItem));
        part('choices').replaceChildren(...step.choices.map(choiceItem));
        setText(part('why'), phase === 'done' ? step.why : phase === 'show' ? 'Watch ...' : '');
        part('next').hidden = phase !== 'done' || isLast();
    };

    const show = () => {
        phase = 'show';
        for (const [when, words] of current.steps[at].actions)
            player.plan(when, words);
        draw();
        part('question').focus({preventScroll: true});
        player.play();
    };

    const answer = i => {
        given = i;
        show();
    };

    const quiet = () => {
        if (phase !== 'show')
            return false;
        phase = 'done';
        draw();
        (isLast() ? part('question') : part('next')).focus({preventScroll: true});
        return true;
    };

    part('next').addEventListener('click', () => {
        at++;
        phase = 'ask';
        given = null;
        draw();
        part('question').focus({preventScroll: true});
    });

    return {
        all: () => all,
        parse,
        current: () => current,
        /* Begins a lesson, or leaves them. */
        begin(name) {
            current = all.find(lesson => lesson.name === name) ?? null;
            at = 0;
            phase = 'ask';
            given = null;
            player.hooks.quiet = current === null ? null : quiet;
            player.hooks.note = () => ({at, phase, given});
            player.hooks.restore = note => {
                ({at, phase, given} = note);
                draw();
            };
            if (current !== null)
                player.begin(current.config, []);
            draw();
        },
        /* Plays a lesson to its end, with the answers that are right. */
        end() {
            for (at = 0; ; at++) {
                const step = current.steps[at];
                given = step.choices.findIndex(choice => choice.right);
                for (const [when, words] of step.actions)
                    player.plan(when, words);
                player.end();
                if (isLast())
                    break;
            }
            phase = 'done';
            draw();
        },
    };
})();
