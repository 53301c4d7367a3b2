package dev.freshet.runtime.tls;

import dev.freshet.runtime.watch.Watch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.netty.http.Http11SslContextSpec;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.tcp.AbstractProtocolSslContextSpec;
import reactor.netty.tcp.SslProvider;

/** TLS as files have it at the moment. They are checked once a second. */
public final class WatchedTls implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(WatchedTls.class);

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final Duration HANDSHAKE_WITHIN = Duration.ofSeconds(5);

  private final PemFiles files;
  private final Function<PemFiles.Material, Offers> make;
  private final Watch watch;
  private List<Edition> read;
  private volatile State state;

  /**
   * TLS at one moment.
   *
   * @param offered for all protocols that are offered
   * @param http11 for HTTP/1.1 alone
   * @param edition how often the files have changed to something that can be used
   * @param isStale whether they have changed since to something that can't
   */
  private record State(
      SslProvider offered,
      SslProvider http11,
      PemFiles.Material material,
      int edition,
      boolean isStale) {

    State stale() {
      return new State(offered, http11, material, edition, true);
    }
  }

  /** Which content of a file was read; what a name stands for may change without the content. */
  private record Edition(Path path, FileTime modified, long bytes) {

    static Edition of(Path file) {
      try {
        Path real = file.toRealPath();
        return new Edition(real, Files.getLastModifiedTime(real), Files.size(real));
      } catch (IOException e) {
        return new Edition(file, FileTime.fromMillis(0), -1);
      }
    }
  }

  /** What TLS is made for: all that is offered, and HTTP/1.1 alone. */
  private record Offers(
      AbstractProtocolSslContextSpec<?> all, AbstractProtocolSslContextSpec<?> http11) {}

  private WatchedTls(PemFiles files, Function<PemFiles.Material, Offers> make) {
    this.files = files;
    this.make = make;
    this.read = editions();
    this.state = state(files.read(), 0);
    this.watch = new Watch("tls-watch", LOOK_EVERY, this::look);
    if (!read.isEmpty()) {
      watch.start();
    }
  }

  /**
   * A server's, for HTTP/2 and HTTP/1.1. Where authorities are named, every client has to show a
   * certificate of theirs.
   *
   * @throws IllegalArgumentException when the files can't be used
   */
  public static WatchedTls ofServer(PemFiles files) {
    return new WatchedTls(
        files,
        material -> {
          AbstractProtocolSslContextSpec<?> all = TlsContexts.ofServer(material);
          return new Offers(all, all);
        });
  }

  /**
   * A client's.
   *
   * @param http2 whether HTTP/2 is offered, beside HTTP/1.1
   * @throws IllegalArgumentException when the files can't be used
   */
  public static WatchedTls ofClient(PemFiles files, boolean http2) {
    return new WatchedTls(
        files,
        material -> {
          AbstractProtocolSslContextSpec<?> http11 =
              TlsContexts.ofClient(Http11SslContextSpec.forClient(), material);
          return new Offers(
              http2 ? TlsContexts.ofClient(Http2SslContextSpec.forClient(), material) : http11,
              http11);
        });
  }

  private State state(PemFiles.Material material, int edition) {
    Offers offers = make.apply(material);
    return new State(provider(offers.all()), provider(offers.http11()), material, edition, false);
  }

  private SslProvider provider(AbstractProtocolSslContextSpec<?> spec) {
    try {
      spec.sslContext(); // fails here, where it can be said, rather than at the first connection
    } catch (SSLException | RuntimeException e) {
      throw new IllegalArgumentException("%s: %s".formatted(files, e.getMessage()), e);
    }
    return SslProvider.builder()
        .sslContext((SslProvider.GenericSslContextSpec<?>) spec)
        .handshakeTimeout(HANDSHAKE_WITHIN)
        .build();
  }

  /** What new connections are made with. */
  public SslProvider current() {
    return state.offered();
  }

  /** What new connections are made with that are for HTTP/1.1 alone. */
  public SslProvider currentOfHttp11() {
    return state.http11();
  }

  /** Another number whenever new connections are made with something else. */
  public int edition() {
    return state.edition();
  }

  /** When the certificate that is shown ends; empty for a side that shows none. */
  public Optional<Instant> notAfter() {
    return state.material().chain().stream()
        .findFirst()
        .map(certificate -> certificate.getNotAfter().toInstant());
  }

  /** Whether the files have changed to something that can't be used. */
  public boolean isStale() {
    return state.isStale();
  }

  private List<Edition> editions() {
    return files.all().map(Edition::of).toList();
  }

  private void look() {
    List<Edition> now = editions();
    if (now.equals(read)) {
      return;
    }
    // Files of one pair are replaced one after the other: a pair that does not fit is read again.
    read = now;
    try {
      state = state(files.read(), state.edition() + 1);
      log.info("{} is in force for new connections", state.material());
    } catch (RuntimeException e) {
      state = state.stale();
      log.warn(
          "The changed TLS files can't be used; {} stays in use. Correct the files: {}",
          state.material(),
          e.getMessage());
    }
  }

  @Override
  public void close() {
    watch.close();
  }
}
