package dev.freshet.gateway.exchange;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** What tells one answer from another: status, length, and a checksum of the content (CRC-32C). */
public final class Fingerprint {

  private final CRC32C checksum = new CRC32C();
  private int status;
  private long bytes;

  /** An answer begins. */
  public void begin(int answered) {
    status = answered;
  }

  /** More of its content. */
  public void add(ByteBuf part) {
    bytes += part.readableBytes();
    for (ByteBuffer buffer : part.nioBuffers()) {
      checksum.update(buffer);
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Fingerprint that
        && status == that.status
        && bytes == that.bytes
        && checksum.getValue() == that.checksum.getValue();
  }

  @Override
  public int hashCode() {
    return Objects.hash(status, bytes, checksum.getValue());
  }

  @Override
  public String toString() {
    return "%d with %d bytes (%08x)".formatted(status, bytes, checksum.getValue());
  }
}
