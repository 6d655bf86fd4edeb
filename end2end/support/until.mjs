import { setTimeout as pause } from 'node:timers/promises';

/** Asks again and again until the answer is there, for what gives no event. Throws at the deadline. */
export async function until(what, seconds, ask) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`Waited ${seconds} s for ${what}`);
    await pause(50);
  }
}
