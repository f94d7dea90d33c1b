// SPDX-License-Identifier: Apache-2.0
/**
 * Bus drivers and the devices they register: a module offers a {@link org.vfio4j.spi.device.BusDriverProvider}; its
 * {@link org.vfio4j.spi.device.BusDriver} is probed with devices of one bus and registers each as a
 * {@link org.vfio4j.spi.device.VfioDevice} with {@link org.vfio4j.spi.device.DeviceOps}.
 */
package org.vfio4j.spi.device;
