/* The fragment: `#lesson=NAME` or `#seed=N&loss=P&delay=MS&do=TIME+ACTION;...`, and `&end`. */

const link = (() => {
    const plain = text => decodeURIComponent(text.replaceAll('+', ' '));

    return {
        read() {
            const wanted = {lesson: null, config: [], actions: [], end: false};
            for (const piece of location.hash.slice(1).split('&').filter(text => text !== '')) {
                const [key, value = ''] = [piece.split('=')[0], piece.slice(piece.indexOf('=') + 1)];
                if (key === 'lesson')
                    wanted.lesson = plain(value);
                else if (key === 'end')
                    wanted.end = true;
                else if (key === 'do')
                    wanted.actions = value.split(';').filter(text => text !== '').map(text => {
                        const words = plain(text), space = words.indexOf(' ');
                        return [Number(words.slice(0, space)), words.slice(space + 1)];
                    });
                else
                    wanted.config.push(plain(piece));
            }
            return wanted;
        },
        /* The link that makes this run again. */
        of(state) {
            const {start, seed, world, actions} = state;
            const delay = start.delay_min === start.delay_max ? start.delay_min : `${start.delay_min}-${start.delay_max}`;
            const settings = {seed, loss: start.loss, duplicate: start.duplicate, delay, attacker: start.attacker, world};
            const done = actions.map(([when, words]) => encodeURIComponent(`${when} ${words}`).replaceAll('%20', '+'));
            const text = Object.entries(settings).map(([key, value]) => `${key}=${value}`).join('&');
            return `#${text}${done.length > 0 ? `&do=${done.join(';')}` : ''}`;
        },
    };
})();
