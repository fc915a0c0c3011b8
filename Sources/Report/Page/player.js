"use strict";
// Draws recorded episodes; the films are described in FilmEncoder.swift.
(() => {
  class Reader {
    constructor(bytes) {
      this.bytes = bytes;
      this.place = 0;
    }
    get isAtEnd() { return this.place >= this.bytes.length; }
    next() {
      let value = 0, weight = 1, byte;
      do {
        byte = this.bytes[this.place++];
        value += (byte & 127) * weight;
        weight *= 128;
      } while (byte > 127);
      return value % 2 ? -(value + 1) / 2 : value / 2;
    }
  }

  const inflate = async (text) => {
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  const decode = (bytes) => {
    const end = bytes.indexOf(10);
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
    let place = end + 1;
    const [camera, counts, styles, shapes, x, y, outlines, grounds, actions, disturbances, rewards,
      returns] = head.streams.map((length) => {
      place += length;
      return new Reader(bytes.subarray(place - length, place));
    });
    const shapeList = [];
    while (!outlines.isAtEnd) {
      const points = new Int32Array(2 * outlines.next());
      for (let i = 2; i < points.length; i++) points[i] = points[i - 2] + outlines.next();
      shapeList.push(points);
    }
    const { film } = head;
    const sums = (reader, last) => last.map((number) => number + reader.next());
    let view = [0, 0, 0, 0], elements = [];
    let action = (film.choices.length ? [0] : film.actions).map(() => 0);
    let disturbance = film.disturbances.map(() => 0), reward = [0], total = [0];
    const frames = [];
    for (let i = 0; i < head.frames; i++) {
      view = sums(camera, view);
      const count = (elements.length + counts.next());
      elements = Array.from({ length: count }, (_, k) => {
        const before = elements[k] ?? [0, 0, 0, 0];
        return [before[0] + styles.next(), before[1] + shapes.next(), before[2] + x.next(),
          before[3] + y.next()];
      });
      action = sums(actions, action);
      disturbance = sums(disturbances, disturbance);
      reward = sums(rewards, reward);
      total = sums(returns, total);
      frames.push({ view, ground: head.grounds[grounds.next()], elements, action, disturbance,
        reward: reward[0] / 1e4, total: total[0] / 100 });
    }
    return { film, frames, styles: head.styles, shapes: shapeList };
  };

  const arrow = (context, dx, dy, width) => {
    const length = Math.hypot(dx, dy);
    if (!length || !width) return;
    const head = Math.min(4 * width, length), shaft = length - head;
    const corners = [[0, width / 2], [shaft, width / 2], [shaft, head / 2], [length, 0],
      [shaft, -head / 2], [shaft, -width / 2], [0, -width / 2]];
    for (const [along, across] of corners) {
      context.lineTo((dx * along - dy * across) / length, (dy * along + dx * across) / length);
    }
  };

  const draw = (canvas, movie, frame) => {
    const context = canvas.getContext("2d");
    const { width, height } = canvas;
    const [centerX, centerY, viewWidth, viewHeight] = frame.view;
    const scale = Math.min(width / viewWidth, height / viewHeight);
    const left = (x) => width / 2 + (x - centerX) * scale;
    const top = (y) => height / 2 - (y - centerY) * scale;
    const vertical = (bottom, low, upper, high) => {
      const gradient = context.createLinearGradient(0, low, 0, high);
      gradient.addColorStop(0, bottom);
      gradient.addColorStop(1, upper);
      return gradient;
    };
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = vertical(frame.ground[0], height, frame.ground[1], 0);
    context.fillRect(0, 0, width, height);
    context.lineJoin = context.lineCap = "round";
    for (const [styleIndex, shapeIndex, x, y] of frame.elements) {
      const style = movie.styles[styleIndex], points = movie.shapes[shapeIndex];
      const lineWidth = (style.width ?? 0) / 10 * scale, size = (style.size ?? 0) / 10 * scale;
      context.beginPath();
      if (style.kind === "text") {
        // Capitals are about 0.72 of the size of a typeface.
        context.font = `${size / 0.72}px system-ui, sans-serif`;
        context.textAlign = style.align;
        context.fillStyle = style.line;
        context.fillText(style.text, left(x), top(y));
        continue;
      }
      if (style.kind === "circle") {
        context.arc(left(x), top(y), size, 0, 2 * Math.PI);
      } else if (style.kind === "arrow") {
        context.save();
        context.translate(left(x), top(y));
        arrow(context, points[2] * scale, -points[3] * scale, lineWidth);
        context.restore();
        context.fillStyle = style.line;
        context.fill();
        continue;
      } else {
        for (let i = 0; i < points.length; i += 2) {
          context.lineTo(left(x + points[i]), top(y + points[i + 1]));
        }
        if (style.kind === "polygon") context.closePath();
      }
      if (style.fill) {
        const { color, height: low, top: upper, topHeight: high } = style.fill;
        context.fillStyle = upper ? vertical(color, top(low), upper, top(high)) : color;
        context.fill();
      }
      if (style.line && lineWidth > 0) {
        context.strokeStyle = style.line;
        context.lineWidth = lineWidth;
        context.stroke();
      }
    }
  };

  const element = (name, classes, text = "") => {
    const made = document.createElement(name);
    made.className = classes;
    made.textContent = text;
    return made;
  };

  // Bars of an action's or disturbance's components; returns a function that shows their values.
  const bars = (place, gauges) => {
    const rows = gauges.map((gauge) => {
      const row = element("div", "bar"), track = element("span", "track");
      const fill = element("i", ""), zero = element("b", ""), value = element("span", "");
      const origin = Math.min(Math.max(0, gauge.low), gauge.high);
      const share = (number) => (Math.min(Math.max(number, gauge.low), gauge.high) - gauge.low)
        / (gauge.high - gauge.low || 1) * 100;
      zero.style.left = `${share(origin)}%`;
      track.append(fill, zero);
      row.append(element("span", "", gauge.name), track, value);
      place.append(row);
      return (number) => {
        const [from, to] = [share(origin), share(number)].sort((a, b) => a - b);
        fill.style.left = `${from}%`;
        fill.style.width = `${to - from}%`;
        value.textContent = number.toFixed(2).replace("-", "−");
      };
    });
    return (numbers) => rows.forEach((show, i) => show(numbers[i] / 1e4));
  };

  const options = (place, names) => {
    const list = element("div", "options"), items = names.map((name) => element("span", "", name));
    list.append(...items);
    place.append(list);
    return ([number]) => {
      items.forEach((item, i) => item.classList.toggle("chosen", i === Math.round(number / 1e4)));
    };
  };

  const player = document.getElementById("player");
  if (player && "DecompressionStream" in window) {
    const find = (name) => player.querySelector(name);
    const canvas = find(".stage canvas"), poster = find(".stage svg"), panel = find(".panel");
    const scrub = find("[name=scrub]"), play = find("[name=play]"), speed = find("[name=speed]");
    const choice = find("[name=film]"), trace = find(".trace"), about = find(".about");
    const movies = new Map();
    let movie, position = 0, isPlaying = false, last = 0, showAction, showDisturbance;

    const drawTrace = () => {
      const ratio = window.devicePixelRatio || 1, colors = getComputedStyle(document.documentElement);
      trace.width = trace.clientWidth * ratio;
      trace.height = trace.clientHeight * ratio;
      const context = trace.getContext("2d"), rewards = movie.frames.map((frame) => frame.reward);
      const low = Math.min(0, ...rewards), high = Math.max(0, ...rewards);
      // The thumb of the slider stays half its width within the slider's ends.
      const margin = 8 * ratio, width = trace.width - 2 * margin;
      const x = (i) => margin + (rewards.length > 1 ? i / (rewards.length - 1) : 0) * width;
      const y = (reward) => trace.height - 3 - (reward - low) / (high - low || 1) * (trace.height - 6);
      context.strokeStyle = colors.getPropertyValue("--axis");
      context.lineWidth = ratio;
      context.beginPath();
      context.moveTo(margin, y(0));
      context.lineTo(margin + width, y(0));
      context.stroke();
      context.strokeStyle = colors.getPropertyValue("--series-0");
      context.beginPath();
      rewards.forEach((reward, i) => i && context.lineTo(x(i), y(reward)));
      context.stroke();
      context.fillStyle = colors.getPropertyValue("--ink");
      context.fillRect(x(Math.floor(position)) - ratio / 2, 0, ratio, trace.height);
    };

    const show = () => {
      const index = Math.floor(position), frame = movie.frames[index], { film } = movie;
      draw(canvas, movie, frame);
      drawTrace();
      const step = Math.min(index * film.stride, film.steps);
      const texts = { step: `${step} of ${film.steps}`, time: `${(step * film.timeStep).toFixed(2)} s`,
        reward: index ? frame.reward.toFixed(2) : "–", return: frame.total.toFixed(1) };
      for (const place of player.querySelectorAll("[data-show]")) {
        place.textContent = texts[place.dataset.show].replace("-", "−");
      }
      showAction(frame.action);
      showDisturbance(frame.disturbance);
      scrub.value = index;
      scrub.setAttribute("aria-valuetext", `step ${texts.step}, ${texts.time}`);
    };

    const setPlaying = (plays) => {
      isPlaying = plays;
      play.textContent = plays ? "Pause" : "Play";
      play.setAttribute("aria-pressed", plays);
      last = 0;
      if (plays) requestAnimationFrame(tick);
    };

    const tick = (now) => {
      if (!isPlaying) return;
      const { film, frames } = movie;
      if (last) position += (now - last) / 1000 * speed.value / (film.timeStep * film.stride);
      last = now;
      if (position >= frames.length - 1) {
        position = frames.length - 1;
        setPlaying(false);
      }
      show();
      if (isPlaying) requestAnimationFrame(tick);
    };

    const toggle = () => {
      if (!isPlaying && position >= movie.frames.length - 1) position = 0;
      setPlaying(!isPlaying);
    };

    const go = (target) => {
      position = Math.min(Math.max(target, 0), movie.frames.length - 1);
      show();
    };

    const resize = () => {
      if (!movie) return;
      const [, , width, height] = movie.frames[0].view;
      const wide = Math.round(player.querySelector(".stage").clientWidth * (window.devicePixelRatio || 1));
      canvas.width = wide;
      canvas.height = Math.round(Math.min(wide * height / width, 2 * wide));
      show();
    };

    const open = async (id) => {
      setPlaying(false);
      if (!movies.has(id)) {
        movies.set(id, decode(await inflate(document.getElementById(id).textContent)));
      }
      movie = movies.get(id);
      const place = find(".bars");
      place.replaceChildren();
      showAction = movie.film.choices.length
        ? options(place, movie.film.choices) : bars(place, movie.film.actions);
      showDisturbance = bars(place, movie.film.disturbances);
      scrub.max = movie.frames.length - 1;
      position = 0;
      about.textContent = choice.selectedOptions[0]?.dataset.summary ?? "";
      canvas.hidden = panel.hidden = false;
      poster?.setAttribute("hidden", "");
      resize();
    };

    play.addEventListener("click", toggle);
    find("[name=back]").addEventListener("click", () => go(Math.ceil(position) - 1));
    find("[name=forward]").addEventListener("click", () => go(Math.floor(position) + 1));
    scrub.addEventListener("input", () => go(Number(scrub.value)));
    choice.addEventListener("change", () => open(choice.value));
    window.addEventListener("resize", resize);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => movie && show());
    canvas.addEventListener("click", toggle);
    canvas.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
      if (event.key === " ") toggle();
      else if (event.key in moves) go(Math.floor(position) + moves[event.key]);
      else return;
      event.preventDefault();
    });
    open(choice.value);
  }

  // A page that is served takes over what has changed; the player of episodes stays as it is.
  if ("refreshes" in document.documentElement.dataset) {
    let shown = null;
    setInterval(async () => {
      const answer = await fetch(location.href, { cache: "no-cache" }).catch(() => null);
      const version = answer?.ok ? answer.headers.get("ETag") : shown;
      const isNew = shown !== null && version !== shown;
      shown = version;
      if (!isNew) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const main = document.querySelector("main");
      const opened = [...main.querySelectorAll("details")].map((details) => details.open);
      const parts = [...page.querySelector("main").children].map((part) =>
        (part.id === "episodes" && document.getElementById("episodes")) || part);
      main.replaceChildren(...parts);
      main.querySelectorAll("details").forEach((details, i) => { details.open = !!opened[i]; });
      document.querySelector("header").replaceWith(page.querySelector("header"));
    }, 4000);
  }
})();
