// web: the list of the pages of the chapter.
import { showIndex } from '../shell.js';

showIndex();
