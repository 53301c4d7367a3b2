package dev.freshet.read.store;

/** How the number of all rows that the filters let through is told. */
public enum Count {
  /** Not at all, unless it is seen from the answer. */
  NONE,
  /** By counting. */
  EXACT,
  /** As the planner guesses. */
  PLANNED,
  /** By counting up to the most rows of an answer, and beyond that as the planner guesses. */
  ESTIMATED
}
