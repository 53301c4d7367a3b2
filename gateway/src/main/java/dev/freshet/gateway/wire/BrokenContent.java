package dev.freshet.gateway.wire;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpContent;

/**
 * Stands where a request's content can't be read on. Reactor Netty would end such content as if it
 * were whole, and the backend would act on a part of it.
 */
public final class BrokenContent extends DefaultHttpContent {

  BrokenContent() {
    super(Unpooled.EMPTY_BUFFER);
  }

  /** What the content's reader is told. */
  public static final class Failure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public Failure() {
      super("The content is not chunked as RFC 9112, 7.1, has it");
    }
  }
}
