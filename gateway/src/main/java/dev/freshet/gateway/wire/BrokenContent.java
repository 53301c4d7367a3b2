package dev.freshet.gateway.wire;

import dev.freshet.protocol.ProblemCode;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpContent;
import org.jspecify.annotations.Nullable;

/**
 * Stands where a request's content can't be read on. Reactor Netty would end such content as if it
 * were whole, and the backend would act on a part of it.
 */
public final class BrokenContent extends DefaultHttpContent {

  BrokenContent() {
    super(Unpooled.EMPTY_BUFFER);
  }

  /** The failure that the content's reader gets. */
  public static final class Failure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ProblemCode code;

    /**
     * Says why content is not whole.
     *
     * @param message a sentence for the client
     */
    public Failure(ProblemCode code, String message, @Nullable Throwable cause) {
      super(message, cause);
      this.code = code;
    }

    /** The client's refusal. */
    public ProblemCode code() {
      return code;
    }
  }
}
