package dev.freshet.local.system;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** How many files this process may have open; connections are files, too. */
public final class OpenFiles {

  private OpenFiles() {}

  /**
   * Makes sure that there may be enough.
   *
   * @param least without which nothing can start
   * @throws StartFailed when there may be fewer
   */
  public static void require(long least) {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
      require(least, system.getMaxFileDescriptorCount());
    }
  }

  static void require(long least, long most) {
    if (most >= 0 && most < least) {
      throw new StartFailed(
          "This process may have %d files open, and needs %d at least: libraries, connections and logs are files. Raise the limit (ulimit -n 4096; with systemd, LimitNOFILE), then start again."
              .formatted(most, least));
    }
  }
}
