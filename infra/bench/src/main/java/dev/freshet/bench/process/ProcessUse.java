package dev.freshet.bench.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/** What processes use, as Linux accounts for it in {@code /proc}. */
public final class ProcessUse {

  /** Length of a clock tick in {@code /proc/PID/stat}: USER_HZ is 100 on Linux. */
  private static final double MICROS_PER_TICK = 10_000;

  private static final int UTIME_AFTER_NAME = 11;

  private ProcessUse() {}

  /** CPU time used so far, user and system, in microseconds. */
  public static double cpuMicros(ProcessHandle process) {
    String stat = read(process, "stat");
    if (stat.isEmpty()) {
      throw new IllegalStateException("Process " + process.pid() + " has ended");
    }
    String[] afterName = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(afterName[UTIME_AFTER_NAME])
            + Long.parseLong(afterName[UTIME_AFTER_NAME + 1]))
        * MICROS_PER_TICK;
  }

  /** The same; empty when the process has ended. */
  public static OptionalDouble cpuMicrosIfAlive(ProcessHandle process) {
    try {
      return OptionalDouble.of(cpuMicros(process));
    } catch (IllegalStateException ended) {
      return OptionalDouble.empty();
    }
  }

  /** Proportional set size in MiB: memory shared with others counts by its share. */
  public static double residentMebibytes(List<ProcessHandle> processes) {
    return processes.stream().mapToDouble(ProcessUse::pssKibibytes).sum() / 1024;
  }

  private static double pssKibibytes(ProcessHandle process) {
    return read(process, "smaps_rollup")
        .lines()
        .filter(line -> line.startsWith("Pss:"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")))
        .sum();
  }

  private static String read(ProcessHandle process, String file) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(process.pid()), file));
    } catch (NoSuchFileException e) {
      return ""; // it has ended since it was listed, as PostgreSQL's backends do
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
