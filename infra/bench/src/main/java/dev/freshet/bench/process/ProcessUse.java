package dev.freshet.bench.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/** What processes use, as Linux accounts for it in {@code /proc}. */
public final class ProcessUse {

  /** Length of a clock tick in {@code /proc/PID/stat}: USER_HZ is 100 on Linux. */
  private static final double MICROS_PER_TICK = 10_000;

  private static final int UTIME_AFTER_NAME = 11;

  /** utime and stime; cutime and cstime follow. */
  private static final int OWN_TIMES = 2;

  private static final int TIMES_OF_CHILDREN = 2;

  private ProcessUse() {}

  /** CPU time used so far, user and system, in microseconds. */
  public static double cpuMicros(ProcessHandle process) {
    return cpuMicros(process, OWN_TIMES);
  }

  /**
   * CPU time of a process and its children so far, those that have ended and were waited for
   * included.
   */
  public static double cpuMicrosWithChildren(ProcessHandle parent) {
    // In this order a child that ends meanwhile is counted once, or in part, but not twice.
    double ofParent = cpuMicros(parent, OWN_TIMES + TIMES_OF_CHILDREN);
    return ofParent
        + parent.children().mapToDouble(child -> cpuMicrosIfAlive(child).orElse(0)).sum();
  }

  private static double cpuMicros(ProcessHandle process, int times) {
    String stat = read(process, "stat");
    if (stat.isEmpty()) {
      throw new IllegalStateException("Process " + process.pid() + " has ended");
    }
    String[] afterName = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    long ticks = 0;
    for (int i = 0; i < times; i++) {
      ticks += Long.parseLong(afterName[UTIME_AFTER_NAME + i]);
    }
    return ticks * MICROS_PER_TICK;
  }

  private static OptionalDouble cpuMicrosIfAlive(ProcessHandle process) {
    try {
      return OptionalDouble.of(cpuMicros(process));
    } catch (IllegalStateException ended) {
      return OptionalDouble.empty();
    }
  }

  /**
   * How often threads of these processes have gone to sleep and were woken again so far. Those that
   * have ended are not counted.
   */
  public static long wakeUps(List<ProcessHandle> processes) {
    return processes.stream().mapToLong(ProcessUse::wakeUps).sum();
  }

  private static long wakeUps(ProcessHandle process) {
    Path threads = Path.of("/proc", Long.toString(process.pid()), "task");
    try (Stream<Path> each = Files.list(threads)) {
      return each.mapToLong(thread -> voluntarySwitches(process, thread)).sum();
    } catch (NoSuchFileException e) {
      return 0; // it has ended since it was listed
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long voluntarySwitches(ProcessHandle process, Path thread) {
    return read(process, "task/%s/status".formatted(thread.getFileName()))
        .lines()
        .filter(line -> line.startsWith("voluntary_ctxt_switches:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .sum();
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
