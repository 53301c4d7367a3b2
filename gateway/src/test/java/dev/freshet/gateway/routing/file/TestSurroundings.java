package dev.freshet.gateway.routing.file;

import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.routing.FilterSpec;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What files of tests are read in: two filters, which need arguments, and HOST as a variable. */
final class TestSurroundings {

  static final Surroundings.Filters FILTERS =
      new Surroundings.Filters() {
        @Override
        public List<String> names() {
          return List.of("AddRequestHeader", "StripPrefix");
        }

        @Override
        public Optional<String> misfit(FilterSpec filter) {
          return filter.arguments().isEmpty()
              ? Optional.of("the arguments of filter %s don't fit".formatted(filter.name()))
              : Optional.empty();
        }
      };

  private TestSurroundings() {}

  static Surroundings onLoopback(Map<String, List<InstanceSpec>> pools) {
    return listeningOn(InetAddress.getLoopbackAddress(), pools);
  }

  static Surroundings listeningOn(InetAddress listen, Map<String, List<InstanceSpec>> pools) {
    return new Surroundings(
        Path.of("."),
        name -> name.equals("HOST") ? "db.example" : null,
        pools,
        FILTERS,
        new Surroundings.Exposure(listen, false));
  }
}
