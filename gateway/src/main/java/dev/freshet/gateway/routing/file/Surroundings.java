package dev.freshet.gateway.routing.file;

import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.routing.FilterSpec;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a file is read in.
 *
 * @param folder that names of files in it are relative to
 * @param environment looks up {@code ${NAME}}
 * @param pools that the file may leave out, with their instances
 * @param filters that a route may name
 * @param exposure who can reach the gateway
 * @param files how files are treated that the file names
 */
public record Surroundings(
    Path folder,
    Variables environment,
    Map<String, List<InstanceSpec>> pools,
    Filters filters,
    Exposure exposure,
    Files files) {

  public Surroundings {
    pools = Map.copyOf(pools);
  }

  /** One whose files are read. */
  public Surroundings(
      Path folder,
      Variables environment,
      Map<String, List<InstanceSpec>> pools,
      Filters filters,
      Exposure exposure) {
    this(folder, environment, pools, filters, exposure, Files.READ);
  }

  /**
   * The same, for a text that somebody else sends: its files are not touched, so that nobody finds
   * out which there are.
   */
  public Surroundings ofOthers(Variables variables) {
    return new Surroundings(folder, variables, pools, filters, exposure, Files.LEFT_ALONE);
  }

  /** How files are treated that a routes file names. */
  public enum Files {
    /** They are read, so that their errors appear at once. */
    READ,
    /** They are neither read nor looked for. */
    LEFT_ALONE
  }

  /**
   * Who can reach a gateway.
   *
   * @param isInsecure whether it was said that routes need not say who may use them
   */
  public record Exposure(InetAddress listen, boolean isInsecure) {

    /** Whether each route has to say who may use it. */
    boolean isToBeGuarded() {
      return !listen.isLoopbackAddress() && !isInsecure;
    }
  }

  /** Values by the names of variables. */
  @FunctionalInterface
  public interface Variables {

    /** The value; null for a variable that is not set. */
    @Nullable String get(String name);
  }

  /** Filters by name. */
  public interface Filters {

    /** The names there are. */
    List<String> names();

    /** What is wrong with a filter's arguments; empty when they fit. */
    Optional<String> misfit(FilterSpec filter);
  }
}
