// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.contract;

import org.vfio4j.OpenOptions;
import org.vfio4j.testing.BusDriverContract;

/** vfio-pci with an express function behind a bridge, through its own file. */
class PcieContractTest extends BusDriverContract {
    @Override
    protected String driver() {
        return "vfio-pci";
    }

    @Override
    protected String device() {
        return "0000:03:00.0";
    }

    @Override
    protected OpenOptions openOptions() {
        return OpenOptions.cdev();
    }
}
