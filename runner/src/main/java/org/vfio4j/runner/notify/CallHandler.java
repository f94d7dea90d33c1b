// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.notify;

/** Decides a call: answers it, refuses it or lets it proceed. Thread-safe; may block. */
@FunctionalInterface
public interface CallHandler {
    /** Decides; a handler that does nothing answers 0. */
    void handle(Call call);
}
