package dev.freshet.local.cli;

import dev.freshet.runtime.OperatorGate;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** By which names operators, and what they run, may ask. */
final class OperatorHosts {

  @Option(
      names = "--operator-host",
      paramLabel = "NAME",
      split = ",",
      converter = HostName.class,
      description = {
        "Host name by which operators' endpoints answer, beside IP addresses and localhost: such as",
        "those by which Prometheus and a gateway's sync: ask. May be given several times."
      })
  private List<String> names = List.of();

  /** A host's name, without scheme and port. */
  static final class HostName implements ITypeConverter<String> {

    @Override
    public String convert(String value) {
      try {
        OperatorGate.checkNames(List.of(value));
        return value;
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(String.valueOf(e.getMessage()));
      }
    }
  }

  /** As settings of a part. */
  Map<String, String> settings() {
    return Map.of("freshet.operator-hosts", String.join(",", names));
  }
}
