// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Broken promises of a driver or host that the backend survives (kernel: {@code WARN_ON}): logged and counted, so that
 * tests can assert there were none. One per context. Thread-safe. Spec: iommufd §16.
 */
final class InternalErrors {
    private static final Logger LOG = LoggerFactory.getLogger(InternalErrors.class);

    private final AtomicLong count = new AtomicLong();

    void report(String what) {
        count.incrementAndGet();
        LOG.error("internal error: {}", what);
    }

    void reportIf(boolean broken, String what) {
        if (broken) {
            report(what);
        }
    }

    long count() {
        return count.get();
    }
}
