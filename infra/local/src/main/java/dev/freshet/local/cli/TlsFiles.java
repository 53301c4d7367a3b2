package dev.freshet.local.cli;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** TLS of a part's port, and HTTP/2 with it. */
final class TlsFiles {

  @Option(
      names = "--tls-certificate",
      paramLabel = "FILE",
      description = {
        "Serve by TLS, with HTTP/2 beside HTTP/1.1: the certificate with its chain, in PEM.",
        "It and the other two are read again when they change."
      })
  private @Nullable Path certificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "The certificate's key, in PEM, without a passphrase.")
  private @Nullable Path key;

  @Option(
      names = "--tls-client-ca",
      paramLabel = "FILE",
      description = "Take only clients that show a certificate of these authorities.")
  private @Nullable Path clientCa;

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec mixee;

  /**
   * As settings of a part; none without TLS.
   *
   * @throws ParameterException when one is named without another that it needs
   */
  Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>();
    put(settings, "certificate", certificate);
    put(settings, "key", key);
    put(settings, "client-ca", clientCa);
    boolean isWhole = certificate != null && key != null;
    if (!isWhole && !settings.isEmpty() && mixee != null) {
      throw new ParameterException(
          mixee.commandLine(), "TLS needs both --tls-certificate and --tls-key.");
    }
    return settings;
  }

  private static void put(Map<String, String> settings, String name, @Nullable Path file) {
    if (file != null) {
      settings.put("freshet.tls." + name, file.toString());
    }
  }
}
