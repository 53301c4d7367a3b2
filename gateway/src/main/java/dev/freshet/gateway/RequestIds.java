package dev.freshet.gateway;

import dev.freshet.protocol.RequestId;
import io.netty.handler.codec.http.HttpHeaders;

/** Calls each request what its client calls it, or by a name that is made here. */
final class RequestIds {

  private RequestIds() {}

  /** Sees to it that a request has a name, and returns it. */
  static String ensure(HttpHeaders headers) {
    String said = headers.get(RequestId.HEADER);
    if (said != null && RequestId.isPlain(said)) {
      headers.set(RequestId.HEADER, said); // once
      return said;
    }
    String made = RequestId.make();
    headers.set(RequestId.HEADER, made);
    return made;
  }
}
