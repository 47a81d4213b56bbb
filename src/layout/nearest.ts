/** The candidate most like `word`, or undefined when none is close enough to be what was meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const typed = word.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const name = candidate.toLowerCase();
    // A missing prefix ("p1" for "particle-p1") is the most frequent slip and no typing error.
    const contained = typed.length > 1 && name.includes(typed);
    const lastWord = name.slice(name.lastIndexOf('-') + 1);
    const distance = contained ? 1 : Math.min(editDistance(typed, name), editDistance(typed, lastWord));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  const tolerance = typed.length < 3 ? 1 : Math.max(2, Math.floor(typed.length / 3));
  return bestDistance <= tolerance ? best : undefined;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
