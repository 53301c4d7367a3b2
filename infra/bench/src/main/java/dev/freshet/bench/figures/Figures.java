package dev.freshet.bench.figures;

import java.util.Arrays;

/** What is made of measured values. */
public final class Figures {

  private Figures() {}

  /** The value in the middle; between two it is their mean. */
  public static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
