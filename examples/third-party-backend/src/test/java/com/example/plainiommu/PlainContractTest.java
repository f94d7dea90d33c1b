// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import org.vfio4j.testing.ContainerBackendContract;

/** What every backend must do, shown with a function that does DMA. */
class PlainContractTest extends ContainerBackendContract {
    @Override
    protected String backend() {
        return "plain";
    }

    @Override
    protected int containerType() {
        return PlainDriver.TYPE;
    }

    @Override
    protected String device() {
        return "0000:00:05.0";
    }
}
