package dev.freshet.runtime.tls;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import java.util.Objects;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.tcp.AbstractProtocolSslContextSpec;

/** The two sides' TLS. Protocols and ciphers are Netty's choice of the JDK's: TLS 1.3 and 1.2. */
final class TlsContexts {

  private TlsContexts() {}

  static AbstractProtocolSslContextSpec<?> ofServer(PemFiles.Material material) {
    return Http2SslContextSpec.forServer(
            Objects.requireNonNull(material.key(), "a server's certificate"), material.chain())
        .configure(
            builder -> {
              if (!material.authorities().isEmpty()) {
                builder.trustManager(material.authorities()).clientAuth(ClientAuth.REQUIRE);
              }
            });
  }

  static <T extends AbstractProtocolSslContextSpec<T>> AbstractProtocolSslContextSpec<?> ofClient(
      T spec, PemFiles.Material material) {
    return spec.configure(builder -> identify(builder, material));
  }

  private static void identify(SslContextBuilder builder, PemFiles.Material material) {
    builder.endpointIdentificationAlgorithm("HTTPS"); // the name is checked, whoever builds it
    if (!material.authorities().isEmpty()) {
      builder.trustManager(material.authorities());
    }
    if (material.key() != null) {
      builder.keyManager(material.key(), material.chain());
    }
  }
}
