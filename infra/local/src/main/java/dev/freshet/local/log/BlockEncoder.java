package dev.freshet.local.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes each line as another encoder does, and a {@link Block} as its lines, one after another.
 */
public final class BlockEncoder extends EncoderBase<ILoggingEvent> {

  private static final int USUAL_LINE_BYTES = 256;

  private @Nullable Encoder<ILoggingEvent> lines;

  /** What writes one line; called by Joran. */
  public void setLines(Encoder<ILoggingEvent> encoder) {
    lines = encoder;
  }

  @Override
  public void start() {
    if (lines == null) {
      addError("No <lines> encoder is named");
      return;
    }
    super.start();
  }

  private Encoder<ILoggingEvent> lines() {
    if (lines == null) {
      throw new IllegalStateException("Not started");
    }
    return lines;
  }

  @Override
  public byte[] headerBytes() {
    return lines().headerBytes();
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    if (!(event instanceof Block block)) {
      return lines().encode(event);
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream(USUAL_LINE_BYTES * block.events().size());
    for (ILoggingEvent line : block.events()) {
      all.writeBytes(lines().encode(line));
    }
    return all.toByteArray();
  }

  @Override
  public byte[] footerBytes() {
    return lines().footerBytes();
  }
}
