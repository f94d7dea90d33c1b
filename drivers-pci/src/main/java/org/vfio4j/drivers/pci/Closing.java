// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Steps of an undoing that must all be tried, whatever becomes of one of them. */
final class Closing {
    private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

    private Closing() {}

    /** Performs a step; a failure is logged and does not keep the next step from being done. */
    static void step(String what, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            LOG.warn("{} failed", what, e);
        }
    }
}
