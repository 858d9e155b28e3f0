import { Graph } from '../graph/graph';
import { featureMap } from '../kernels/tensor';
import { conv } from '../models/layers';
import { networkModel } from './network';

const CHANNELS = 256;
const SIDE = 56;

/** One convolution, the kind that most of a detector's work is. */
export const conv3x3 = networkModel({
  id: 'conv3x3',
  title: 'convolution 3x3, 256 to 256 channels at 56 x 56, with bias',
  input: [CHANNELS, SIDE, SIDE],
  graph: () => {
    const graph = new Graph();
    const image = graph.input('image', featureMap([1, SIDE, SIDE, CHANNELS]));
    graph.output('y', conv(graph, image, 'conv', CHANNELS, 3, { padding: 1 }));
    return graph;
  },
});
