package dev.freshet.gateway.wire;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpStatusClass;
import java.util.Queue;

/** Netty's encoder of responses, which has to know that a HEAD is answered without content. */
final class AnswerEncoder extends HttpResponseEncoder {

  private final Queue<HttpMethod> methods;

  /**
   * Prepares to encode one connection's answers.
   *
   * @param methods of the requests that are yet to be answered, in order
   */
  AnswerEncoder(Queue<HttpMethod> methods) {
    this.methods = methods;
  }

  @Override
  protected boolean isContentAlwaysEmpty(HttpResponse answer) {
    boolean isFinal = answer.status().codeClass() != HttpStatusClass.INFORMATIONAL;
    HttpMethod method = isFinal ? methods.poll() : methods.peek();
    return HttpMethod.HEAD.equals(method) || super.isContentAlwaysEmpty(answer);
  }
}
