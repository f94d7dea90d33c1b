// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.wrong;

import org.vfio4j.DmaMapping;

/** Wrong on purpose: only core implements the user API. */
public final class DriverThatImplementsUserApi implements DmaMapping {
    @Override
    public long iova() {
        return 0;
    }

    @Override
    public long length() {
        return 0;
    }

    @Override
    public void close() {}
}
