// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.memory;

/** {@link ProcessBarrier#unavailable}. */
enum NoProcessBarrier implements ProcessBarrier {
    INSTANCE;

    @Override
    public boolean available() {
        return false;
    }

    @Override
    public void run() {
        throw new IllegalStateException("this process has no process-wide memory barrier");
    }
}
