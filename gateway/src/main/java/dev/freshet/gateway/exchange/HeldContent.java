package dev.freshet.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A request whose content is held in memory, so that it can be parsed and sent again. */
public final class HeldContent extends Decorated {

  private final byte[] content;

  /** Decorates an exchange whose content has been read. */
  public HeldContent(Exchange inner, byte[] content) {
    super(inner);
    this.content = content;
  }

  /** There is more content than may be held. */
  public static final class TooLarge extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooLarge(int most) {
      super("The content has more than " + most + " bytes");
    }
  }

  /**
   * Reads a request's content.
   *
   * @return fails with {@link TooLarge} when there is more
   */
  public static Mono<byte[]> read(Exchange exchange, int most) {
    return exchange
        .body()
        .collect(ByteArrayOutputStream::new, (read, part) -> append(read, part, most))
        .map(ByteArrayOutputStream::toByteArray);
  }

  private static void append(ByteArrayOutputStream read, ByteBuf part, int most) {
    try {
      if (read.size() + part.readableBytes() > most) {
        throw new TooLarge(most);
      }
      part.readBytes(read, part.readableBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e); // there is none in memory
    } finally {
      part.release();
    }
  }

  /** The bytes; not to be changed. */
  public byte[] content() {
    return content;
  }

  /** The content as a text in UTF-8. */
  public String text() {
    return new String(content, StandardCharsets.UTF_8);
  }

  @Override
  public Flux<ByteBuf> body() {
    return Flux.defer(() -> Flux.just(Unpooled.wrappedBuffer(content)));
  }

  @Override
  public boolean isRepeatable() {
    return true;
  }
}
