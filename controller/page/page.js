/* Keeps the page up to date. The server sends `formatDuration` ahead of this text. Without it the page still shows the
   state at the time of its loading. */
(() => {
  const POLL_MS = 10_000;
  const RECONNECT_MS = 2_000;
  const ANSWER_MS = 8_000;
  const THEMES = ['system', 'light', 'dark'];
  const root = document.documentElement;

  /* Before anything is painted. */
  let theme = stored();
  showTheme();
  document.addEventListener('DOMContentLoaded', start);

  function stored() {
    try {
      const value = localStorage.getItem('theme');
      return THEMES.includes(value) ? value : 'system';
    } catch {
      return 'system'; // Storage can be forbidden: then the choice lasts as long as the page.
    }
  }

  function showTheme() {
    if (theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme;
    const button = document.getElementById('theme');
    if (button !== null) button.textContent = `Theme: ${theme}`;
  }

  function start() {
    const button = document.getElementById('theme');
    const link = document.getElementById('link');
    const news = document.getElementById('news');
    /* What the server sent for each part, to compare with what it sends next. */
    const parts = new Map([...partsOf(document)].map(([name, part]) => [name, essence(part)]));
    let ahead = serverTime(document) - Date.now();
    let events = null;
    let isLive = false;
    let isAsking = false;
    let askAgain = false;
    let lastState = Date.now();

    button.hidden = false;
    link.hidden = false;
    showTheme();
    button.addEventListener('click', () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      try {
        localStorage.setItem('theme', theme);
      } catch {
        // As above.
      }
      showTheme();
    });
    setInterval(count, 1_000);
    setInterval(refresh, POLL_MS);
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) void refresh();
    });
    connect();

    function connect() {
      events = new EventSource('api/events');
      events.onopen = () => {
        isLive = true;
        void refresh();
      };
      events.onmessage = refresh;
      events.onerror = () => {
        events.close();
        isLive = false;
        void refresh();
        setTimeout(connect, RECONNECT_MS * (1 + Math.random()));
      };
    }

    /* One request at a time; whatever happens meanwhile asks for one more. */
    async function refresh() {
      askAgain = true;
      if (isAsking) return;
      isAsking = true;
      while (askAgain) {
        askAgain = false;
        try {
          put(await fetchPage());
          lastState = Date.now();
          showLink(isLive ? 'live' : 'polling');
        } catch {
          showLink('lost');
        }
      }
      isAsking = false;
    }

    async function fetchPage() {
      const answer = await fetch(location.pathname, {
        cache: 'no-store',
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
      return new DOMParser().parseFromString(await answer.text(), 'text/html');
    }

    function put(next) {
      ahead = serverTime(next) - Date.now();
      const nextParts = new Map(partsOf(next));
      const isSame = nextParts.size === parts.size && [...nextParts.keys()].every((name) => parts.has(name));
      const focused = document.activeElement?.id ?? '';
      if (isSame) {
        for (const [name, part] of nextParts) if (essence(part) !== parts.get(name)) replace(part);
      } else {
        // Sections came or went, or the program was upgraded.
        document.querySelector('main').replaceWith(document.adoptNode(next.querySelector('main')));
        document.querySelector('footer').replaceWith(document.adoptNode(next.querySelector('footer')));
      }
      parts.clear();
      for (const [name, part] of nextParts) parts.set(name, essence(part));
      if (focused !== '' && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
      if (document.title !== next.title) {
        document.title = next.title;
        news.textContent = next.title;
      }
      count();
    }

    function replace(part) {
      const old = document.querySelector(`[data-part="${part.dataset.part}"]`);
      const scrolled = old.querySelector('.scroll')?.scrollTop ?? 0;
      const copy = document.importNode(part, true);
      old.replaceWith(copy);
      if (scrolled > 0) copy.querySelector('.scroll').scrollTop = scrolled;
      if (part.dataset.part.endsWith('-headline')) copy.classList.add('changed');
    }

    function showLink(state) {
      const text = {
        live: 'Live',
        polling: 'Updated every 10 s',
        lost: 'Connection lost',
      }[state];
      if (link.dataset.state === state) return;
      link.dataset.state = state;
      link.textContent = text;
      document.body.classList.toggle('lost', state === 'lost');
      const banner = document.getElementById('lost');
      banner.hidden = state !== 'lost';
      banner.textContent =
        state === 'lost'
          ? `The controller does not answer. Last state, at ${new Date(lastState + ahead).toISOString().slice(11, 19)} UTC. Reconnecting.`
          : '';
      if (state === 'lost') news.textContent = banner.textContent;
    }

    function count() {
      const now = Date.now() + ahead;
      for (const element of document.querySelectorAll('[data-since]')) {
        const age = now - Date.parse(element.dataset.since);
        if (!Number.isNaN(age)) element.textContent = formatDuration(Math.max(0, age));
      }
      if (document.body.classList.contains('lost')) return;
      const iso = new Date(now).toISOString();
      for (const clock of document.querySelectorAll('[data-clock]')) {
        clock.dateTime = iso;
        clock.textContent = `${iso.slice(11, 19)} UTC`;
      }
    }
  }

  function serverTime(page) {
    return Number(page.body.dataset.now) || Date.now();
  }

  function* partsOf(page) {
    for (const part of page.querySelectorAll('[data-part]')) yield [part.dataset.part, part];
  }

  /* What a part says apart from the time that goes by. */
  function essence(part) {
    const copy = part.cloneNode(true);
    for (const element of copy.querySelectorAll('[data-since], [data-clock]')) {
      element.textContent = '';
      if (element.dataset.clock !== undefined) element.removeAttribute('datetime');
    }
    return copy.innerHTML;
  }
})();
